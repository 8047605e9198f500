/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: a record that is accepted prints to a text that reads to the same text; merged with
 * itself it is itself; and the policy made from it has no fault.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/learned_policy.h"
#include "policies/policy_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bundle *base(void)
{
	static struct arena arena;
	static struct bundle bundle;
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };

	if (!bundle.name &&
	    (policy_resolve("builtin/start", builtin_fetch, NULL, &arena, &policy, &diags) < 0 ||
	     policy_compile(&policy, &arena, &bundle, &diags) < 0))
		abort();
	return &bundle;
}

static void check_policy(const struct learned *l, struct arena *arena)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	struct grants grants = { 0 };
	struct estimate estimate;
	struct err err = { 0 };

	if (grants_make(l, base(), arena, &grants, &err) < 0)
		return; /* out of memory */
	estimate = estimate_make(&grants);
	learned_policy_print(&grants, &estimate, "learned/fuzz", &text);
	if (!text.failed && policy_read((struct span){ text.p, text.len }, "made", arena, &policy,
					&diags) == -EINVAL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf first = { 0 };
	cleanup_strbuf struct strbuf second = { 0 };
	cleanup_strbuf struct strbuf twice = { 0 };
	struct diags diags = { .arena = &arena };
	struct learned l = { 0 };
	struct learned again = { 0 };
	struct learned merged = { 0 };
	struct err err = { 0 };

	if (learned_read((struct span){ (const char *)data, size }, "in", &arena, &l, &diags) < 0)
		return 0;
	learned_print(&l, &first);
	if (learned_read((struct span){ first.p, first.len }, "printed", &arena, &again, &diags) ==
	    -EINVAL)
		abort();
	learned_print(&again, &second);
	if (learned_merge(&l, &again, &arena, &merged, &err) < 0)
		return 0;
	learned_print(&merged, &twice);
	if (strcmp(strbuf_str(&first), strbuf_str(&second)) != 0 ||
	    strcmp(strbuf_str(&first), strbuf_str(&twice)) != 0)
		abort();
	check_policy(&l, &arena);
	return 0;
}
