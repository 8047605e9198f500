/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an envelope that is accepted, encoded again and read again, is the same. */
#include <stdlib.h>
#include <string.h>

#include "audit/dsse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct dsse *first)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct dsse again = { 0 };
	struct err err = { 0 };

	dsse_encode(first->type, &first->body, first->key_id, first->signature, &text);
	if (text.failed)
		return;
	if (dsse_decode((struct span){ text.p, text.len }, &arena, &again, &err) < 0 ||
	    strcmp(first->type, again.type) != 0 || first->body.len != again.body.len ||
	    memcmp(first->signature, again.signature, DSSE_SIGNATURE_LEN) != 0)
		abort();
	dsse_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	struct dsse envelope = { 0 };
	struct err err = { 0 };

	if (dsse_decode((struct span){ (const char *)data, size }, &arena, &envelope, &err) < 0) {
		if (envelope.type || err.code == 0)
			abort();
		return 0;
	}
	check(&envelope);
	dsse_done(&envelope);
	return 0;
}
