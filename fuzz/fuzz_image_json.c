/* SPDX-License-Identifier: Apache-2.0 */
/* Property: what comes out can be read as flat lines; of a refused document nothing comes out. */
#include <stdlib.h>

#include "base/flat.h"
#include "runtime/image_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = { "index",  "manifest", "config",
					     "docker", "payload",  "rest" };
	cleanup_strbuf struct strbuf lines = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct flat_pair pair = { 0 };
	struct err err = { 0 };
	struct span rest;
	int r;

	if (size == 0)
		return 0;
	r = image_json_flatten(kinds[(uint8_t)(data[0] - (uint8_t)'0') % ARRAY_LEN(kinds)],
			       data + 1, size - 1, &lines, &err);
	if (r < 0 && (lines.len > 0 || err.code == 0))
		abort();
	rest = (struct span){ strbuf_str(&lines), lines.len };
	while ((r = flat_next(&rest, &arena, &pair, &err)) > 0)
		;
	if (r < 0)
		abort();
	return 0;
}
