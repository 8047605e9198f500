/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: a log that is accepted is accepted whole; a refused one names the first bad record, and
 * the same one if the bytes come in pieces.
 */
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

/* As a file is read: seven bytes at a time, and what is left when it ends. */
static int read_in_pieces(struct log_reader *reader, struct span text, struct err *err)
{
	cleanup_strbuf struct strbuf rest = { 0 };
	int r = 0;

	while (r == 0 && text.n > 0) {
		size_t n = text.n < 7 ? text.n : 7;

		strbuf_add(&rest, text.p, n);
		text.p += n;
		text.n -= n;
		r = log_read_whole(reader, &rest, err);
	}
	if (r < 0 || rest.len == 0)
		return r;
	return log_read_lines(reader, (struct span){ rest.p, rest.len }, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct err err = { 0 };
	uint64_t seen = 0;
	struct log_reader reader = { .fn = count, .data = &seen };
	int r = log_read_lines(&reader, text, &err);
	struct log_reader other = { 0 };
	struct err other_err = { 0 };
	char name[40];

	if (seen != reader.n)
		abort();
	if (read_in_pieces(&other, text, &other_err) != r || other.n != reader.n ||
	    strcmp(other_err.msg, err.msg) != 0)
		abort();
	snprintf(name, sizeof(name), "record %llu ", (unsigned long long)reader.n);
	if (r < 0 && !strstr(err.msg, name))
		abort();
	return 0;
}
