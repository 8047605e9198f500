/* SPDX-License-Identifier: Apache-2.0 */
/* Property: refused with at least one place, or what is written is a policy. */
#include <errno.h>
#include <stdlib.h>

#include "policies/policy_import.h"
#include "policies/policy_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{

	const struct import_options options = { .name = "f" };
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };
	int r = import_systemd((struct span){ (const char *)data, size }, "f.service", &options,
			       &arena, &out, &diags);

	if (r == -EINVAL && (diags.n == 0 || out.len > 0))
		abort();
	if (r < 0)
		return 0;
	r = policy_read((struct span){ strbuf_str(&out), out.len }, "f", &arena, &policy, &diags);
	if (r < 0 && r != -ENOMEM && out.len < POLICY_MAX_BYTES)
		abort();
	return 0;
}
