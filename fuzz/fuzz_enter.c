/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a request that is taken is, written again, the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "sandbox/enter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf again = { 0 };
	struct enter_request request = { 0 };
	struct enter_texts texts = { 0 };
	struct err err = { 0 };

	if (enter_decode(data, size, &arena, &request, &texts, &err) < 0) {
		if (err.code == 0 || texts.args)
			abort();
		return 0;
	}
	if (enter_encode(&request, &texts, &again, &err) < 0 || again.len != size ||
	    memcmp(again.p, data, size) != 0)
		abort();
	return 0;
}
