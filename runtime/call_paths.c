/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/call_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

#define PAGE 4096
#define MAX_INTERPRETERS 4

enum effect {
	EFFECT_OPEN,  /* by flags */
	EFFECT_CREAT, /* written, made if absent */
	EFFECT_WRITE,
	EFFECT_EXEC,
	EFFECT_MAKE, /* an entry of its folder comes or goes */
};

/* Where a call has its path; -1: none. Rows of one call stand together. */
static const struct path_call {
	const char *call;
	int8_t dirfd, path, flags;
	enum effect effect;
} path_calls[] = {
	/* clang-format off */
	{ "open",      -1, 0,  1, EFFECT_OPEN },
	{ "openat",     0, 1,  2, EFFECT_OPEN },
	/* Flags behind a pointer: the first word of struct open_how. */
	{ "openat2",    0, 1,  2, EFFECT_OPEN },
	{ "creat",     -1, 0, -1, EFFECT_CREAT },
	{ "truncate",  -1, 0, -1, EFFECT_WRITE },
	{ "execve",    -1, 0, -1, EFFECT_EXEC },
	{ "execveat",   0, 1, -1, EFFECT_EXEC },
	{ "mkdir",     -1, 0, -1, EFFECT_MAKE },
	{ "mkdirat",    0, 1, -1, EFFECT_MAKE },
	{ "mknod",     -1, 0, -1, EFFECT_MAKE },
	{ "mknodat",    0, 1, -1, EFFECT_MAKE },
	{ "unlink",    -1, 0, -1, EFFECT_MAKE },
	{ "unlinkat",   0, 1, -1, EFFECT_MAKE },
	{ "rmdir",     -1, 0, -1, EFFECT_MAKE },
	{ "rename",    -1, 0, -1, EFFECT_MAKE },
	{ "rename",    -1, 1, -1, EFFECT_MAKE },
	{ "renameat",   0, 1, -1, EFFECT_MAKE },
	{ "renameat",   2, 3, -1, EFFECT_MAKE },
	{ "renameat2",  0, 1, -1, EFFECT_MAKE },
	{ "renameat2",  2, 3, -1, EFFECT_MAKE },
	{ "link",      -1, 1, -1, EFFECT_MAKE },
	{ "linkat",     2, 3, -1, EFFECT_MAKE },
	{ "symlink",   -1, 1, -1, EFFECT_MAKE },
	{ "symlinkat",  1, 2, -1, EFFECT_MAKE },
	/* clang-format on */
};

/* Read a string, at most one page border at a time. Returns false if there is no whole one. */
static bool read_string(pid_t pid, uint64_t address, char text[PATH_MAX])
{
	size_t got = 0;

	while (address != 0 && got < PATH_MAX) {
		size_t want = PAGE - (address + got) % PAGE;
		struct iovec from = { (void *)(uintptr_t)(address + got), want };
		struct iovec to = { text + got, want };
		ssize_t n;

		if (want > PATH_MAX - got)
			to.iov_len = from.iov_len = PATH_MAX - got;
		n = process_vm_readv(pid, &to, 1, &from, 1, 0);
		if (n <= 0)
			return false;
		if (memchr(text + got, '\0', (size_t)n))
			return true;
		got += (size_t)n;
	}
	return false;
}

/* What a link of /proc says: where a folder or file is, as seen from the sandbox's root. */
static bool read_link(const char *link, char text[PATH_MAX])
{
	ssize_t n = readlink(link, text, PATH_MAX - 1);

	if (n <= 0 || text[0] != '/')
		return false;
	text[n] = '\0';
	return true;
}

bool call_paths_place(int fd, char text[PATH_MAX])
{
	char link[40];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return read_link(link, text);
}

/* The folder of a path: its entries change. */
void call_paths_parent(const struct call_paths *p, char path[PATH_MAX])
{
	char place[PATH_MAX];
	struct err ignored = { 0 };
	char *slash;
	cleanup_close int fd = -1;

	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	slash = strrchr(path, '/');
	slash[slash == path ? 1 : 0] = '\0';
	fd = path_open_in(p->root, path, O_PATH | O_DIRECTORY, 0, &ignored);
	if (fd >= 0 && call_paths_place(fd, place))
		p->found(p->data, "make", place, true);
}

static void add_path(const struct call_paths *p, enum effect effect, uint64_t flags, char *path,
		     int depth);

/* "#!": the kernel executes the interpreter in the file's place. */
static void add_interpreter(const struct call_paths *p, int fd, int depth)
{
	char self[40];
	char head[256];
	char path[PATH_MAX];
	cleanup_close int file = -1;
	struct span line;
	ssize_t n;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	file = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	n = file < 0 ? -1 : fd_read_full(file, head, sizeof(head));
	if (n < 3 || head[0] != '#' || head[1] != '!')
		return;
	line = (struct span){ head + 2, (size_t)n - 2 };
	line = span_trim(span_cut(&line, '\n'));
	line = span_word(&line);
	if (line.n == 0 || line.p[0] != '/')
		return;
	memcpy(path, line.p, line.n);
	path[line.n] = '\0';
	add_path(p, EFFECT_EXEC, 0, path, depth + 1);
}

static const char *access_of(enum effect effect, uint64_t flags)
{
	if (effect == EFFECT_EXEC)
		return "exec";
	if (effect != EFFECT_OPEN || (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
		return "write";
	return "read";
}

/* What an absolute path means at this moment, links followed, as the kernel is about to. */
static void add_path(const struct call_paths *p, enum effect effect, uint64_t flags, char *path,
		     int depth)
{
	bool makes = effect == EFFECT_CREAT || (effect == EFFECT_OPEN && (flags & O_CREAT));
	char place[PATH_MAX];
	struct err ignored = { 0 };
	struct stat st = { 0 };
	cleanup_close int fd = -1;

	if (effect == EFFECT_OPEN && (flags & O_PATH))
		return; /* no rule of any layer is about it */
	if (effect == EFFECT_MAKE) {
		call_paths_parent(p, path);
		return;
	}
	if (path_is_below(path, "/proc") && !path_is_of_machine(path)) {
		p->found(p->data, access_of(effect, flags), "/proc", true);
		return;
	}
	fd = path_open_in(p->root, path, O_PATH, 0, &ignored);
	if (fd == -ENOENT && makes)
		call_paths_parent(p, path);
	if (fd < 0 || fstat(fd, &st) < 0 || !call_paths_place(fd, place))
		return;
	if (effect == EFFECT_OPEN && (flags & O_TMPFILE) == O_TMPFILE)
		p->found(p->data, "make", place, true);
	else
		p->found(p->data, access_of(effect, flags), place, S_ISDIR(st.st_mode));
	if (effect == EFFECT_EXEC && S_ISREG(st.st_mode) && depth < MAX_INTERPRETERS)
		add_interpreter(p, fd, depth);
}

/* The folder that a relative path starts from. */
bool call_paths_base(pid_t pid, int dirfd, char text[PATH_MAX])
{
	char link[48];

	if (dirfd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, dirfd);
	return read_link(link, text);
}

static bool full_path(pid_t pid, int dirfd, uint64_t address, char text[PATH_MAX])
{
	char relative[PATH_MAX];
	size_t n;

	if (!read_string(pid, address, relative))
		return false;
	if (relative[0] == '/') {
		memcpy(text, relative, strlen(relative) + 1);
		return true;
	}
	if (!call_paths_base(pid, dirfd, text))
		return false;
	n = strlen(text);
	if (relative[0] == '\0')
		return true; /* AT_EMPTY_PATH: the descriptor itself */
	return snprintf(text + n, PATH_MAX - n, "/%s", relative) < (int)(PATH_MAX - n);
}

static bool read_flags(pid_t pid, uint64_t address, uint64_t *ret)
{
	struct iovec from = { (void *)(uintptr_t)address, sizeof(*ret) };
	struct iovec to = { ret, sizeof(*ret) };

	return address != 0 && process_vm_readv(pid, &to, 1, &from, 1, 0) == sizeof(*ret);
}

static void note_path(const struct call_paths *p, const struct path_call *row,
		      const struct seccomp_notif *rq)
{
	uint64_t flags = row->flags < 0 ? 0 : rq->data.args[row->flags];
	int dirfd = row->dirfd < 0 ? AT_FDCWD : (int)rq->data.args[row->dirfd];
	char path[PATH_MAX];

	if (strcmp(row->call, "openat2") == 0 && !read_flags((pid_t)rq->pid, flags, &flags))
		return;
	if (full_path((pid_t)rq->pid, dirfd, rq->data.args[row->path], path))
		add_path(p, row->effect, flags, path, 0);
}

int call_paths_find(const char *call)
{
	for (size_t i = 0; i < ARRAY_LEN(path_calls); i++) {
		if (strcmp(call, path_calls[i].call) == 0)
			return (int)i;
	}
	return -1;
}

void call_paths_note(const struct call_paths *p, int row, const struct seccomp_notif *rq)
{
	const struct path_call *first = &path_calls[row];

	for (const struct path_call *at = first;
	     at < path_calls + ARRAY_LEN(path_calls) && strcmp(at->call, first->call) == 0; at++)
		note_path(p, at, rq);
}

void call_paths_exec(const struct call_paths *p, char path[PATH_MAX])
{
	add_path(p, EFFECT_EXEC, 0, path, 0);
}
