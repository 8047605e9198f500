/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a state folder: the first line is "process", the rest state.json. Property: an error
 * with a text and an untouched result, or names that are there.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/oci_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *bytes = (const char *)data;
	const char *line = n > 0 ? memchr(bytes, '\n', n) : NULL;
	size_t first = line ? (size_t)(line - bytes) + 1 : 0;
	cleanup_arena struct arena arena = { 0 };
	struct oci_state state = { 0 };
	struct err err = { 0 };
	int r = oci_state_parse((struct span){ bytes + first, n - first },
				(struct span){ bytes, first }, &arena, &state, &err);

	if (r < 0 && (err.len == 0 || state.id))
		abort();
	if (r == 0 && (!state.id[0] || !state.bundle[0] || state.pid < 0))
		abort();
	return 0;
}
