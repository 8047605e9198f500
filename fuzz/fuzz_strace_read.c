/* SPDX-License-Identifier: Apache-2.0 */
/* Property: any log gives a record that is read again. */
#include <errno.h>
#include <stdlib.h>

#include "audit/strace_read.h"
#include "policies/learned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_recorder struct recorder recorder = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct diags diags = { .arena = &arena };
	struct learned learned = { 0 };
	struct err err = { 0 };
	int r;

	strace_read((struct span){ (const char *)data, size }, &recorder);
	if (recorder_encode(&recorder, "fuzz", &out, &err) < 0)
		return 0;
	r = learned_read((struct span){ strbuf_str(&out), out.len }, "fuzz", &arena, &learned,
			 &diags);
	if (r < 0 && r != -ENOMEM)
		abort();
	return 0;
}
