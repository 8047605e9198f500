/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a name that is taken is relative, has no "." or ".." in it, and hides what has a name.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/unpack_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(struct span part)
{
	if (part.n == 0 || part.n > NAME_MAX || span_eq(part, ".") || span_eq(part, "..") ||
	    span_has_byte(part, '/'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entry_name name = { 0 };
	struct err err = { 0 };
	struct span dir;

	if (entry_name_parse((struct span){ (const char *)data, size }, &name, &err) < 0) {
		if (err.code == 0)
			abort();
		return 0;
	}
	dir = span_of(name.dir);
	while (dir.n > 0)
		check_part(span_cut(&dir, '/'));
	if (name.role == ENTRY_PLAIN || name.role == ENTRY_WHITEOUT)
		check_part(span_of(name.base));
	else if (*name.base)
		abort();
	return 0;
}
