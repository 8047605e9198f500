/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_io.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

#define TEXT_MAX ((size_t)1 << 20)
#define CGROUP_ROOT "/sys/fs/cgroup"

/* "  eth0: BYTES and seven more received, BYTES and seven more sent" below two lines of titles. */
int run_io_net_parse(struct span text, struct run_io *ret)
{
	struct run_io io = { .has_net = true };

	for (int line = 0; text.n > 0; line++) {
		struct span rest = span_cut(&text, '\n');
		struct span name = span_trim(span_cut(&rest, ':'));
		uint64_t received = 0;
		uint64_t sent = 0;

		if (line < 2 || name.n == 0)
			continue;
		for (int field = 0; field <= 8; field++) {
			struct span word = span_word(&rest);

			if (field % 8 == 0 &&
			    span_u64(word, UINT64_MAX, field == 0 ? &received : &sent) < 0)
				return -EINVAL;
		}
		if (span_eq(name, "lo"))
			continue;
		io.received += received;
		io.sent += sent;
	}
	ret->has_net = true;
	ret->received = io.received;
	ret->sent = io.sent;
	return 0;
}

/* Add the number behind a key of one of "KEY=N" words or "KEY: N" lines. */
static int add_number(struct span word, const char *key, uint64_t *sum)
{
	size_t n = strlen(key);
	uint64_t value = 0;

	if (!span_starts(word, key))
		return 0;
	if (span_u64(span_trim((struct span){ word.p + n, word.n - n }), UINT64_MAX, &value) < 0)
		return -EINVAL;
	*sum += value;
	return 0;
}

/* "8:0 rbytes=N wbytes=N rios=N ..." */
int run_io_stat_parse(struct span text, struct run_io *ret)
{
	uint64_t read = 0;
	uint64_t written = 0;

	while (text.n > 0) {
		struct span rest = span_cut(&text, '\n');

		while (rest.n > 0) {
			struct span word = span_word(&rest);

			if (add_number(word, "rbytes=", &read) < 0 ||
			    add_number(word, "wbytes=", &written) < 0)
				return -EINVAL;
		}
	}
	ret->has_block = true;
	ret->read = read;
	ret->written = written;
	return 0;
}

int run_io_process_add(struct span text, struct run_io *ret)
{
	uint64_t read = 0;
	uint64_t written = 0;

	while (text.n > 0) {
		struct span line = span_cut(&text, '\n');

		if (add_number(line, "read_bytes:", &read) < 0 ||
		    add_number(line, "write_bytes:", &written) < 0)
			return -EINVAL;
	}
	ret->read += read;
	ret->written += written;
	return 0;
}

static bool read_text(const char *path, struct strbuf *ret)
{
	struct err ignored = { 0 };

	return fd_read_file(AT_FDCWD, path, TEXT_MAX, ret, &ignored) == 0;
}

static struct span text_of(const struct strbuf *text)
{
	return (struct span){ strbuf_str(text), text->len };
}

/*
 * Our own network is not what the sandbox did. Its process 1 cannot be looked at: that is immure's
 * init, which nobody may trace; one of the others is enough.
 */
static void look_at_net(pid_t pid, struct run_io *io)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct stat ours = { 0 };
	struct stat its = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (io->has_net || stat("/proc/self/ns/net", &ours) < 0 || stat(path, &its) < 0 ||
	    (ours.st_dev == its.st_dev && ours.st_ino == its.st_ino))
		return;
	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	if (read_text(path, &text))
		io->has_net = run_io_net_parse(text_of(&text), io) == 0;
}

/* The cgroup that was made for the run, wherever the program inside has put itself since. */
static bool look_at_cgroup(const char *id, pid_t first, struct run_io *io)
{
	cleanup_strbuf struct strbuf cgroup = { 0 };
	cleanup_strbuf struct strbuf stat = { 0 };
	cleanup_strbuf struct strbuf path = { 0 };
	char name[80];
	const char *line;
	const char *end;

	snprintf(name, sizeof(name), "/immure-%.60s", id);
	strbuf_addf(&path, "/proc/%d/cgroup", (int)first);
	if (!read_text(strbuf_str(&path), &cgroup))
		return false;
	line = strstr(strbuf_str(&cgroup), "0::/");
	end = line ? strstr(line, name) : NULL;
	if (!end || memchr(line, '\n', (size_t)(end - line)))
		return false;
	strbuf_reset(&path);
	strbuf_puts(&path, CGROUP_ROOT);
	strbuf_add(&path, line + strlen("0::"), (size_t)(end - line) - strlen("0::"));
	strbuf_addf(&path, "%s/io.stat", name);
	return !path.failed && read_text(strbuf_str(&path), &stat) &&
	       run_io_stat_parse(text_of(&stat), io) == 0;
}

/* 1 if its figures were added, 0 if it has ended, -EACCES and others: it may not be looked at. */
static int add_process(pid_t pid, struct run_io *sum)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	r = fd_read_file(AT_FDCWD, path, TEXT_MAX, &text, &ignored);
	if (r == -ENOENT || r == -ESRCH)
		return 0;
	if (r == 0)
		r = run_io_process_add(text_of(&text), sum);
	return r < 0 ? r : 1;
}

struct run_io run_io_look(const char *id, pid_t first, const struct proc_use *all, size_t n)
{
	struct run_io io = { 0 };
	struct run_io sum = { 0 };
	bool hidden = false;
	size_t seen = 0;

	for (size_t i = 0; i < n; i++) {
		int r;

		if (!proc_is_below(all, n, i, first))
			continue;
		look_at_net(all[i].pid, &io);
		r = add_process(all[i].pid, &sum);
		seen += r > 0;
		hidden = hidden || (r < 0 && all[i].pid != first);
	}
	if (look_at_cgroup(id, first, &io) || hidden || seen == 0)
		return io;
	io.has_block = true;
	io.read = sum.read;
	io.written = sum.written;
	return io;
}
