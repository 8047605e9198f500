/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/learn.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/procfs.h"
#include "policies/filter_record.h"

#define PAGE 4096
#define STATUS_MAX 16384
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

/* Values of learn.kinds below the rows of path_calls. */
enum {
	KIND_PLAIN,
	KIND_CLONE,
	KIND_FORK,
	KIND_EXIT,
	KIND_EXIT_GROUP,
	KIND_CONNECT,
	KIND_BIND,
	KIND_SENDTO,
	KIND_PATH, /* and above: a row */
};

static uint8_t kind_of(const char *call)
{
	static const char *const others[] = { "",           "clone",   "fork", "exit",
					      "exit_group", "connect", "bind", "sendto" };

	if (strcmp(call, "vfork") == 0)
		return KIND_FORK;
	for (size_t i = 1; i < ARRAY_LEN(others); i++) {
		if (strcmp(call, others[i]) == 0)
			return (uint8_t)i;
	}
	for (size_t i = 0; i < ARRAY_LEN(path_calls); i++) {
		if (strcmp(call, path_calls[i].call) == 0)
			return (uint8_t)(KIND_PATH + i);
	}
	return KIND_PLAIN;
}

int learn_init(struct learn *learn, const struct bundle *policy, const struct bundle *known,
	       struct arena *arena, struct err *err)
{
	const char *name = policy->calls.p;
	int n = filter_record(policy, known, arena, &learn->filter, err);

	if (n < 0)
		return n;
	learn->n_filter = (size_t)n;
	learn->root = -1;
	learn->tasks = learn->processes = 1;
	learn->kinds = arena_array(arena, policy->n_calls + 1, sizeof(*learn->kinds));
	if (!learn->kinds)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t nr = 0; nr < policy->n_calls; nr++, name += strlen(name) + 1)
		learn->kinds[nr] = kind_of(name);
	return 0;
}

/* What a record may hold as it is: printable ASCII. */
static void put_name(struct strbuf *out, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (name[i] < ' ' || name[i] > '~' || name[i] == '\\')
			strbuf_addf(out, "\\x%02x", (unsigned char)name[i]);
		else
			strbuf_putc(out, name[i]);
	}
}

static void add(struct learn *l)
{
	if (!l->item.failed)
		recorder_add(&l->recorder, strbuf_str(&l->item));
}

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

static bool place_of(int fd, char text[PATH_MAX])
{
	char link[40];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return read_link(link, text);
}

/* A path of the command line's own is not the policy's to grant. */
static const char *volume_of(const struct learn *l, const char *path)
{
	for (size_t i = 0; i < l->plan->n_mounts; i++) {
		const struct plan_mount *m = &l->plan->mounts[i];

		if ((m->flags & MOUNT_FLAG_VOLUME) && path_is_below(path, m->target))
			return m->target;
	}
	return NULL;
}

static void add_file(struct learn *l, const char *access, const char *path, bool is_dir)
{
	const char *volume = volume_of(l, path);

	strbuf_reset(&l->item);
	if (volume) {
		strbuf_puts(&l->item, "volume ");
		put_name(&l->item, volume, strlen(volume));
		add(l);
		return;
	}
	strbuf_addf(&l->item, "file %s ", access);
	put_name(&l->item, path, strlen(path));
	if (is_dir && strcmp(path, "/") != 0)
		strbuf_putc(&l->item, '/');
	add(l);
}

/* The folder of a path: its entries change. */
static void add_parent(struct learn *l, char *path)
{
	char place[PATH_MAX];
	struct err ignored = { 0 };
	char *slash;
	cleanup_close int fd = -1;

	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	slash = strrchr(path, '/');
	slash[slash == path ? 1 : 0] = '\0';
	fd = path_open_in(l->root, path, O_PATH | O_DIRECTORY, 0, &ignored);
	if (fd >= 0 && place_of(fd, place))
		add_file(l, "make", place, true);
}

static void add_path(struct learn *l, enum effect effect, uint64_t flags, char *path, int depth);

/* "#!": the kernel executes the interpreter in the file's place. */
static void add_interpreter(struct learn *l, int fd, int depth)
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
	add_path(l, EFFECT_EXEC, 0, path, depth + 1);
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
static void add_path(struct learn *l, enum effect effect, uint64_t flags, char *path, int depth)
{
	bool makes = effect == EFFECT_CREAT || (effect == EFFECT_OPEN && (flags & O_CREAT));
	char place[PATH_MAX];
	struct err ignored = { 0 };
	struct stat st = { 0 };
	cleanup_close int fd = -1;

	if (effect == EFFECT_OPEN && (flags & O_PATH))
		return; /* no rule of any layer is about it */
	if (effect == EFFECT_MAKE) {
		add_parent(l, path);
		return;
	}
	if (path_is_below(path, "/proc")) {
		add_file(l, access_of(effect, flags), "/proc", true);
		return;
	}
	fd = path_open_in(l->root, path, O_PATH, 0, &ignored);
	if (fd == -ENOENT && makes)
		add_parent(l, path);
	if (fd < 0 || fstat(fd, &st) < 0 || !place_of(fd, place))
		return;
	if (effect == EFFECT_OPEN && (flags & O_TMPFILE) == O_TMPFILE)
		add_file(l, "make", place, true);
	else
		add_file(l, access_of(effect, flags), place, S_ISDIR(st.st_mode));
	if (effect == EFFECT_EXEC && S_ISREG(st.st_mode) && depth < MAX_INTERPRETERS)
		add_interpreter(l, fd, depth);
}

/* The folder that a relative path starts from. */
static bool base_of(pid_t pid, int dirfd, char text[PATH_MAX])
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
	if (!base_of(pid, dirfd, text))
		return false;
	n = strlen(text);
	if (relative[0] == '\0')
		return true; /* AT_EMPTY_PATH: the descriptor itself */
	return snprintf(text + n, PATH_MAX - n, "/%s", relative) < (int)(PATH_MAX - n);
}

static void note_path(struct learn *l, const struct path_call *row, const struct seccomp_notif *rq)
{
	uint64_t flags = row->flags < 0 ? 0 : rq->data.args[row->flags];
	int dirfd = row->dirfd < 0 ? AT_FDCWD : (int)rq->data.args[row->dirfd];
	char path[PATH_MAX];

	if (full_path((pid_t)rq->pid, dirfd, rq->data.args[row->path], path))
		add_path(l, row->effect, flags, path, 0);
}

/* A socket's name: "127.0.0.1:80", "[::1]:80", "unix:/run/x". Its folder changes on bind(2). */
static void note_address(struct learn *l, pid_t pid, const char *verb, uint64_t address,
			 uint64_t length)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} sa = { 0 };
	char text[INET6_ADDRSTRLEN];
	struct iovec to = { &sa, length < sizeof(sa) ? (size_t)length : sizeof(sa) };
	struct iovec from = { (void *)(uintptr_t)address, to.iov_len };

	if (address == 0 || process_vm_readv(pid, &to, 1, &from, 1, 0) < (ssize_t)sizeof(sa.any))
		return;
	strbuf_reset(&l->item);
	strbuf_addf(&l->item, "net %s ", verb);
	if (sa.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &sa.in.sin_addr, text, sizeof(text));
		strbuf_addf(&l->item, "%s:%u", text, ntohs(sa.in.sin_port));
	} else if (sa.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &sa.in6.sin6_addr, text, sizeof(text));
		strbuf_addf(&l->item, "[%s]:%u", text, ntohs(sa.in6.sin6_port));
	} else if (sa.any.sa_family == AF_UNIX && sa.un.sun_path[0]) {
		strbuf_puts(&l->item, "unix:");
		put_name(&l->item, sa.un.sun_path, strnlen(sa.un.sun_path, sizeof(sa.un.sun_path)));
	} else {
		return;
	}
	add(l);
}

static void note_bind(struct learn *l, const struct seccomp_notif *rq)
{
	struct sockaddr_un un = { 0 };
	struct iovec to = { &un,
			    rq->data.args[2] < sizeof(un) - 1 ? rq->data.args[2] : sizeof(un) - 1 };
	struct iovec from = { (void *)(uintptr_t)rq->data.args[1], to.iov_len };
	char path[PATH_MAX];
	size_t n = 0;

	note_address(l, (pid_t)rq->pid, "listen", rq->data.args[1], rq->data.args[2]);
	if (process_vm_readv((pid_t)rq->pid, &to, 1, &from, 1, 0) <= 0 ||
	    un.sun_family != AF_UNIX || un.sun_path[0] == '\0')
		return;
	if (un.sun_path[0] != '/') {
		if (!base_of((pid_t)rq->pid, AT_FDCWD, path))
			return;
		n = strlen(path);
	}
	if (snprintf(path + n, sizeof(path) - n, "%s%s", n > 0 ? "/" : "", un.sun_path) <
	    (int)(sizeof(path) - n))
		add_parent(l, path);
}

static void most(uint64_t value, uint64_t *to)
{
	if (value > *to)
		*to = value;
}

/* While it still has its memory: exit(2) waits for us. */
static void note_end(struct learn *l, pid_t pid, bool whole)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status status = { 0 };
	struct err ignored = { 0 };
	uint64_t threads = 1;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (fd_read_file(AT_FDCWD, path, STATUS_MAX, &text, &ignored) == 0 &&
	    proc_status_parse((struct span){ text.p, text.len }, &status, &ignored) == 0) {
		most(status.vm_hwm_kib, &l->recorder.memory_kib);
		/* Limits count what may be written, used or not; at its end it has given most back.
		 */
		most(status.vm_peak_kib - status.vm_size_kib + status.vm_data_kib,
		     &l->recorder.memory_kib);
		most(status.fd_size, &l->recorder.files);
		threads = whole || status.threads == 1 ? status.threads : 1;
		whole = whole || status.threads == 1;
	}
	l->tasks -= threads < l->tasks ? threads : l->tasks;
	if (whole && l->processes > 0)
		l->processes--;
}

static void note_birth(struct learn *l, bool process)
{
	l->tasks++;
	l->processes += process ? 1 : 0;
	most(l->tasks, &l->recorder.tasks);
	most(l->processes, &l->recorder.processes);
}

static void note_kind(struct learn *l, uint8_t kind, const struct seccomp_notif *rq)
{
	const __u64 *args = rq->data.args;
	pid_t pid = (pid_t)rq->pid;

	switch (kind) {
	case KIND_PLAIN:
		return;
	case KIND_CLONE:
		note_birth(l, !(args[0] & CLONE_THREAD));
		return;
	case KIND_FORK:
		note_birth(l, true);
		return;
	case KIND_EXIT:
		note_end(l, pid, false);
		return;
	case KIND_EXIT_GROUP:
		note_end(l, pid, true);
		return;
	case KIND_CONNECT:
		note_address(l, pid, "connect", args[1], args[2]);
		return;
	case KIND_BIND:
		note_bind(l, rq);
		return;
	case KIND_SENDTO:
		note_address(l, pid, "connect", args[4], args[5]);
		return;
	default:
		break;
	}
	for (const struct path_call *row = &path_calls[kind - KIND_PATH], *first = row;
	     row < path_calls + ARRAY_LEN(path_calls) && strcmp(row->call, first->call) == 0; row++)
		note_path(l, row, rq);
}

/* The program's own start comes before its root can be looked at: it is noted with what follows. */
static void open_root(struct learn *l, pid_t pid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	l->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->root < 0 || !l->program || strlen(l->program) >= sizeof(path))
		return;
	memcpy(path, l->program, strlen(l->program) + 1);
	add_path(l, EFFECT_EXEC, 0, path, 0);
}

void learn_note(struct learn *l, const struct seccomp_notif *rq, const char *call, bool allowed)
{
	bool known = rq->data.nr >= 0 && (size_t)rq->data.nr < l->plan->bundle->n_calls;
	bool first = l->root < 0 && known && l->recorder.n == 0;

	strbuf_reset(&l->item);
	recorder_call_item(call, &rq->data, allowed, &l->item);
	add(l);
	most(l->tasks, &l->recorder.tasks);
	most(l->processes, &l->recorder.processes);
	if (first)
		return;
	if (l->root < 0)
		open_root(l, (pid_t)rq->pid);
	if (known && allowed && l->root >= 0)
		note_kind(l, l->kinds[rq->data.nr], rq);
}

void learn_done(struct learn *l)
{
	recorder_done(&l->recorder);
	strbuf_done(&l->item);
	closep(&l->root);
}
