/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a log that is accepted is accepted whole; a refused one names the first bad record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/log_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *data, struct span line, uint64_t number, struct err *err)
{
	uint64_t *n = data;

	(void)line;
	(void)err;
	if (number != (*n)++)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct err err = { 0 };
	uint64_t seen = 0;
	struct log_reader reader = { .fn = count, .data = &seen };
	int r = log_read_segment(&reader, text, &err);
	char name[40];

	if (seen != reader.n)
		abort();
	snprintf(name, sizeof(name), "record %llu ", (unsigned long long)reader.n);
	if (r < 0 && !strstr(err.msg, name))
		abort();
	return 0;
}
