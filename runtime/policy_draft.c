/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy_draft.h"

#include <string.h>

#include "runtime/policy_fetch.h"
#include "runtime/verb_policy.h"

/* What policy_resolve() asks for while the file is not written yet. */
struct draft {
	const char *file;
	struct span text;
};

static int fetch_draft(void *data, const char *name, const char *from, struct arena *arena,
		       struct span *ret, const char **ret_path, struct err *err)
{
	const struct draft *draft = data;

	if (strcmp(name, draft->file) != 0)
		return policy_fetch(NULL, name, from, arena, ret, ret_path, err);
	*ret = draft->text;
	*ret_path = draft->file;
	return 0;
}

int policy_draft_compile(const char *file, struct span text, struct arena *arena,
			 struct bundle *ret, struct err *err)
{
	struct draft draft = { file, text };
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	int r = policy_resolve(file, fetch_draft, &draft, arena, &policy, &diags);

	if (r == 0)
		r = policy_compile(&policy, arena, ret, &diags);
	if (r < 0)
		policy_print_diags(&diags);
	return r < 0 ? err_set(err, -r, "the policy would have faults: nothing was written") : 0;
}
