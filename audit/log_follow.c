/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log_follow.h"

#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define STEP ((size_t)1 << 12)

static int open_segment(struct log_follow *follow, struct err *err)
{
	int fd = log_read_open(follow->dir, follow->segment, err);

	if (fd < 0)
		return fd;
	closep(&follow->fd);
	follow->fd = fd;
	return 0;
}

int log_follow_open(struct log_follow *follow, int dir, const struct log_reader *reader,
		    struct err *err)
{
	*follow = (struct log_follow){ .reader = *reader, .dir = dir, .fd = -1 };
	return open_segment(follow, err);
}

/* Hand on the whole lines that were gathered; what stands behind the last newline stays. */
static int take_lines(struct log_follow *follow, struct err *err)
{
	struct strbuf *rest = &follow->rest;
	const char *end = memrchr(strbuf_str(rest), '\n', rest->len);
	const char *line = end;
	uint64_t before = follow->reader.n;
	int r;

	while (end && line > rest->p && line[-1] != '\n')
		line--;
	follow->sealed = line && strncmp(line, "{\"kind\":\"sealed\"", 16) == 0;
	r = log_read_whole(&follow->reader, rest, err);
	follow->sealed &= r == 0;
	return r < 0 ? r : (int)(follow->reader.n - before);
}

int log_follow_step(struct log_follow *follow, struct err *err)
{
	char bytes[STEP];
	int records = 0;

	while (!follow->sealed) {
		ssize_t n = read(follow->fd, bytes, sizeof(bytes));
		int r;

		if (n < 0)
			return err_sys(err, errno, "cannot read the event log");
		if (n == 0)
			break;
		strbuf_add(&follow->rest, bytes, (size_t)n);
		if (follow->rest.failed)
			return err_set(err, ENOMEM, "out of memory");
		r = take_lines(follow, err);
		if (r < 0)
			return r;
		records += r;
		if (r > 0 && follow->reader.rotated) {
			follow->segment++;
			follow->reader.rotated = false;
			r = open_segment(follow, err);
		}
		if (r < 0)
			return r;
	}
	return records;
}

void log_follow_close(struct log_follow *follow)
{
	closep(&follow->fd);
	strbuf_done(&follow->rest);
}
