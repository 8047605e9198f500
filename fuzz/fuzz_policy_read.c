/* SPDX-License-Identifier: Apache-2.0 */
/* Property: refused with at least one place and nothing filled in, or accepted and compilable. */
#include <stdlib.h>

#include "policies/bundle.h"
#include "policies/policy_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	policy.sources = &source;
	policy.n_sources = 1;
	r = policy_compile(&policy, &arena, &bundle, &diags);
	if (r == -EINVAL && diags.n == 0)
		abort();
	return 0;
}
