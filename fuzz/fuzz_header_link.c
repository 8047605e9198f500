/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a target is printable, without blanks, and was in the value; else nothing is filled. */
#include <stdlib.h>
#include <string.h>

#include "runtime/header_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char got[256] = "";
	struct err err = { 0 };
	int r = header_link_next((struct span){ (const char *)data, size }, got, sizeof(got), &err);

	if ((r == 1) != (got[0] != '\0') || (r < 0) != (err.code != 0))
		abort();
	for (const char *p = got; *p; p++) {
		if (*p <= ' ' || *p > '~')
			abort();
	}
	if (r == 1 && !memmem(data, size, got, strlen(got)))
		abort();
	return 0;
}
