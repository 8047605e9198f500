/* SPDX-License-Identifier: Apache-2.0 */
/* Property: what is brought into shape stays as it is when that is done again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policies/policy_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf first = { 0 };
	cleanup_strbuf struct strbuf second = { 0 };
	struct diags diags = { .arena = &arena };
	int r = policy_format((struct span){ (const char *)data, size }, "fuzz", &arena, &first,
			      &diags);

	if (r < 0) {
		if (r == -EINVAL && diags.n == 0)
			abort();
		return 0;
	}
	r = policy_format((struct span){ strbuf_str(&first), first.len }, "fuzz", &arena, &second,
			  &diags);
	if (r == -ENOMEM)
		return 0;
	if (r < 0 || first.len != second.len || memcmp(first.p, second.p, first.len) != 0)
		abort();
	return 0;
}
