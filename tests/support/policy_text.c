/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/policy_text.h"

#include <errno.h>
#include <string.h>

#include "policies/policy_read.h"
#include "tests/support/unit.h"

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	(void)from;
	(void)arena;
	*ret_path = NULL;
	*ret = strcmp(name, "p") == 0 ? span_of(data) : builtin_text(name);
	return ret->n > 0 ? 0 : err_set(err, ENOENT, "no %s", name);
}

static void fail_with(const char *text, const struct diags *diags)
{
	fail_msg("%s: %s", text, diags->n ? diags->items[0].text : "memory");
}

void policy_of_text(const char *name, const char *text, struct arena *arena, struct policy *ret)
{
	struct diags diags = { .arena = arena };

	if (policy_resolve(name, fetch, (void *)(uintptr_t)text, arena, ret, &diags) < 0)
		fail_with(text, &diags);
}

void bundle_of_text(const char *text, struct arena *arena, struct bundle *ret)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };

	policy_of_text("p", text, arena, &policy);
	if (policy_compile(&policy, arena, ret, &diags) < 0)
		fail_with(text, &diags);
}
