/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log_read.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/event_log.h"
#include "base/fd.h"

#define STEP ((size_t)64 << 10)
#define LINE_MAX_BYTES ((size_t)16 << 20)
/* A segment is closed when it reaches its limit; one record more than that fits. */
#define SEGMENT_MAX ((size_t)EVENT_LOG_SEGMENT + LINE_MAX_BYTES)
#define SEGMENTS_MAX 1000

int log_read_lines(struct log_reader *reader, struct span text, struct err *err)
{
	reader->rotated = false;
	while (text.n > 0) {
		bool whole = span_has_byte(text, '\n');
		struct span line = span_cut(&text, '\n');
		int r;

		if (!whole)
			return err_set(err, EBADMSG, "record %llu is cut short",
				       (unsigned long long)reader->n);
		r = chain_check(line, &reader->head, &reader->n, err);
		if (r < 0)
			return r;
		reader->rotated = span_starts(line, "{\"kind\":\"rotated\",");
		if (reader->fn)
			r = reader->fn(reader->data, line, reader->n - 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int log_read_whole(struct log_reader *reader, struct strbuf *rest, struct err *err)
{
	const char *end = memrchr(strbuf_str(rest), '\n', rest->len);
	size_t whole = end ? (size_t)(end - rest->p) + 1 : 0;
	int r;

	if (!end)
		return rest->len > LINE_MAX_BYTES ? err_set(err, EBADMSG, "record %llu has no end",
							    (unsigned long long)reader->n)
						  : 0;
	r = log_read_lines(reader, (struct span){ rest->p, whole }, err);
	if (r < 0)
		return r;
	memmove(rest->p, rest->p + whole, rest->len - whole);
	rest->len -= whole;
	return 0;
}

int log_read_open(int dir, uint32_t segment, struct err *err)
{
	struct stat st = { 0 };
	char name[32];
	int fd;

	event_log_name(segment, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	closep(&fd);
	return err_set(err, EINVAL, "%s is not a regular file", name);
}

static int read_segment(struct log_reader *reader, int fd, struct err *err)
{
	cleanup_strbuf struct strbuf rest = { 0 };
	cleanup_free char *step = malloc(STEP);
	size_t total = 0;

	if (!step)
		return err_set(err, ENOMEM, "out of memory");
	for (;;) {
		ssize_t n = read(fd, step, STEP);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read the event log");
		if (n == 0)
			break;
		total += (size_t)n;
		if (total > SEGMENT_MAX)
			return err_set(err, EFBIG, "it is longer than any segment");
		strbuf_add(&rest, step, (size_t)n);
		if (rest.failed)
			return err_set(err, ENOMEM, "out of memory");
		r = log_read_whole(reader, &rest, err);
		if (r < 0)
			return r;
	}
	/* What stands behind the last newline is a record without its end. */
	return rest.len > 0 ? log_read_lines(reader, (struct span){ rest.p, rest.len }, err) : 0;
}

int log_read(struct log_reader *reader, int dir, struct err *err)
{
	uint32_t limit = reader->n_segments > 0 ? reader->n_segments : SEGMENTS_MAX;
	bool more = true;

	for (uint32_t segment = 0; more && segment < limit; segment++) {
		cleanup_close int fd = log_read_open(dir, segment, err);
		char name[32];
		int r;

		if (fd < 0)
			return fd;
		reader->rotated = false;
		r = read_segment(reader, fd, err);
		event_log_name(segment, name);
		if (r < 0)
			return err_wrap(err, "%s", name);
		more = reader->rotated;
	}
	return 0;
}
