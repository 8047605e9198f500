/* SPDX-License-Identifier: Apache-2.0 */
/* Property: what is taken prints to something that reads as the same, and never leaves its folder.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/image_ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_read_back(const struct image_ref *ref, const struct strbuf *text)
{
	struct image_ref again = { 0 };
	struct err err = { 0 };

	if (image_ref_parse((struct span){ text->p, text->len }, &again, &err) < 0 ||
	    memcmp(ref, &again, sizeof(again)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_strbuf struct strbuf full = { 0 };
	cleanup_strbuf struct strbuf familiar = { 0 };
	struct image_ref ref = { 0 };
	struct err err = { 0 };

	if (image_ref_parse((struct span){ (const char *)data, size }, &ref, &err) < 0) {
		if (err.code != EINVAL || err.len == 0 || ref.domain[0])
			abort();
		return 0;
	}
	image_ref_print(&ref, &full);
	image_ref_familiar(&ref, &familiar);
	must_read_back(&ref, &full);
	must_read_back(&ref, &familiar);
	if (strstr(ref.domain, "..") || strstr(ref.path, "..") || strstr(ref.path, "//"))
		abort();
	return 0;
}
