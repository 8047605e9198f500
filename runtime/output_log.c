/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/output_log.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

static const char current[] = "output.log";
static const char previous[] = "output.log.1";

static int open_new(int dir)
{
	return openat(dir, current, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
}

int output_log_open(struct output_log *ret, int dir, struct err *err)
{
	*ret = (struct output_log){ .dir = dir, .max = OUTPUT_LOG_MAX };
	ret->fd = open_new(dir);
	if (ret->fd < 0)
		return err_sys(err, errno, "cannot make %s", current);
	return 0;
}

/* The rename replaces what was previous: never more than two files. */
static void rotate(struct output_log *log)
{
	closep(&log->fd);
	if (renameat(log->dir, current, log->dir, previous) == 0)
		log->fd = open_new(log->dir);
	log->size = 0;
}

static void write_line(struct output_log *log, int stream, bool whole)
{
	static const char *const names[] = { "stdout", "stderr" };
	struct output_line *line = &log->lines[stream];
	struct timespec now = { 0 };

	strbuf_reset(&log->text);
	clock_gettime(CLOCK_REALTIME, &now);
	strbuf_utc(&log->text, &now);
	strbuf_addf(&log->text, " %s %c ", names[stream], whole ? 'F' : 'P');
	strbuf_add(&log->text, line->bytes, line->n);
	strbuf_putc(&log->text, '\n');
	if (log->size + log->text.len > log->max)
		rotate(log);
	if (log->text.failed || log->fd < 0 ||
	    fd_write_all(log->fd, log->text.p, log->text.len) < 0)
		log->lost += line->n;
	else
		log->size += log->text.len;
	line->n = 0;
}

void output_log_add(struct output_log *log, int stream, const char *bytes, size_t n)
{
	struct output_line *line = &log->lines[stream];

	while (n > 0) {
		const char *end = memchr(bytes, '\n', n);
		size_t part = end ? (size_t)(end - bytes) : n;
		size_t room = sizeof(line->bytes) - line->n;
		size_t take = part < room ? part : room;

		memcpy(line->bytes + line->n, bytes, take);
		line->n += take;
		bytes += take;
		n -= take;
		if (end && take == part) {
			write_line(log, stream, true);
			bytes++;
			n--;
		} else if (line->n == sizeof(line->bytes)) {
			write_line(log, stream, false);
		}
	}
}

void output_log_close(struct output_log *log)
{
	for (int stream = 0; stream < 2 && log->fd >= 0; stream++) {
		if (log->lines[stream].n > 0)
			write_line(log, stream, false);
	}
	closep(&log->fd);
	strbuf_done(&log->text);
}
