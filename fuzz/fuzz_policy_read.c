/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: refused with at least one place and nothing filled in, or accepted and compilable; and
 * what was accepted and printed is read again and prints the same.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/policy_print.h"
#include "policies/policy_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct policy *policy, struct arena *arena)
{
	cleanup_strbuf struct strbuf first = { 0 };
	cleanup_strbuf struct strbuf second = { 0 };
	struct diags diags = { .arena = arena };
	struct policy again = { 0 };
	int r;

	policy_print(policy, POLICY_PRINT_EXTENDS, &first);
	r = policy_read((struct span){ strbuf_str(&first), first.len }, "fuzz", arena, &again,
			&diags);
	if (r == -ENOMEM)
		return;
	if (r < 0)
		abort();
	policy_print(&again, POLICY_PRINT_EXTENDS, &second);
	if (first.len != second.len || memcmp(first.p, second.p, first.len) != 0)
		abort();
	if (again.n_syscalls != policy->n_syscalls || again.n_files != policy->n_files ||
	    again.n_tests != policy->n_tests || again.n_waivers != policy->n_waivers)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy_source source = { .name = "fuzz" };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	int r = policy_read((struct span){ (const char *)data, size }, "fuzz", &arena, &policy,
			    &diags);

	if (r == -ENOMEM)
		return 0;
	if (r < 0 && (diags.n == 0 || policy.name))
		abort();
	if (r < 0)
		return 0;
	if (diags.n > 0)
		abort();
	round_trip(&policy, &arena);
	policy.sources = &source;
	policy.n_sources = 1;
	r = policy_compile(&policy, &arena, &bundle, &diags);
	if (r == -EINVAL && diags.n == 0)
		abort();
	return 0;
}
