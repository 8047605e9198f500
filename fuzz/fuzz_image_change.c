/* SPDX-License-Identifier: Apache-2.0 */
/* Property: whatever is changed, a line each, the configuration is one that we would take
 * ourselves. */
#include <stdlib.h>
#include <string.h>

#include "runtime/image_change.h"
#include "runtime/image_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf json = { 0 };
	cleanup_strbuf struct strbuf lines = { 0 };
	struct image_edit edit = { .arena = &arena, .os = "linux", .arch = "amd64" };
	struct span rest = { (const char *)data, size };
	struct err err = { 0 };

	if (size > 4096)
		return 0;
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		const char *text = arena_strndup(&arena, line.p, line.n);

		err = (struct err){ 0 };
		if (text && image_change(&edit, text, &err) < 0 &&
		    (err.len == 0 || err.stage != ERR_USAGE))
			abort();
	}
	image_edit_json(&edit, &json);
	err = (struct err){ 0 };
	if (json.failed || image_json_flatten("config", json.p, json.len, &lines, &err) < 0)
		abort();
	return 0;
}
