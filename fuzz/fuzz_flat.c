/* SPDX-License-Identifier: Apache-2.0 */
/* Property: what is read and written again is read the same; a faulty line gives nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf again = { 0 };
	struct span rest = { (const char *)data, size };
	struct err err = { 0 };
	size_t used;

	for (;;) {
		struct flat_pair pair = { 0 };
		const char *line = rest.p;
		char key[FLAT_KEY_MAX + 1];
		int r = flat_next(&rest, &arena, &pair, &err);

		if (r < 0 && pair.value)
			abort();
		if (r <= 0)
			return 0;
		memcpy(key, pair.key.p, pair.key.n);
		key[pair.key.n] = '\0';
		strbuf_reset(&again);
		flat_puts(&again, key, pair.value);
		used = (size_t)(rest.p - line);
		if (again.len != used || memcmp(again.p, line, used) != 0)
			abort();
	}
}
