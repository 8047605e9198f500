/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/learn.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/procfs.h"
#include "policies/filter_record.h"
#include "runtime/call_paths.h"

#define STATUS_MAX 16384

/* Values of learn.kinds. */
enum {
	KIND_PLAIN,
	KIND_CLONE,
	KIND_FORK,
	KIND_EXIT,
	KIND_EXIT_GROUP,
	KIND_CONNECT,
	KIND_BIND,
	KIND_SENDTO,
	KIND_PATH, /* and above: a row of call_paths.h */
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
	return call_paths_find(call) < 0 ? KIND_PLAIN
					 : (uint8_t)(KIND_PATH + call_paths_find(call));
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
	learn->weights = arena_array(arena, policy->n_calls + 1, sizeof(*learn->weights));
	if (!learn->kinds || !learn->weights)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t nr = 0; nr < policy->n_calls; nr++, name += strlen(name) + 1) {
		learn->kinds[nr] = kind_of(name);
		learn->weights[nr] = (int8_t)call_weight_find(name);
	}
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

static void add_file(void *data, const char *access, const char *path, bool is_dir)
{
	struct learn *l = data;
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

/* Of a thread: its process, which has the same descriptors unless it took pains not to. */
static int process_open(pid_t pid)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status status = { 0 };
	struct err ignored = { 0 };
	int fd = pidfd_open(pid, 0);
	char path[40];

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (fd_read_file(AT_FDCWD, path, STATUS_MAX, &text, &ignored) < 0 ||
	    proc_status_parse((struct span){ text.p, text.len }, &status, &ignored) < 0)
		return -1;
	return pidfd_open((pid_t)status.tgid, 0);
}

/* "tcp" or "udp", by asking a copy of the waiting process's own socket; NULL: neither. */
static const char *protocol_of(pid_t pid, uint64_t socket)
{
	cleanup_close int process = process_open(pid);
	cleanup_close int fd = process < 0 ? -1 : pidfd_getfd(process, (int)socket, 0);
	socklen_t n = sizeof(int);
	int protocol = 0;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n) < 0)
		return NULL;
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : NULL;
}

/* A socket's name: "tcp 127.0.0.1:80", "udp [::1]:80", "unix:/run/x". */
static void note_address(struct learn *l, pid_t pid, const char *verb, uint64_t socket,
			 uint64_t address, uint64_t length)
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
	if (sa.any.sa_family != AF_UNIX) {
		const char *protocol = protocol_of(pid, socket);

		if (!protocol)
			return;
		strbuf_addf(&l->item, "%s ", protocol);
	}
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
	const struct call_paths paths = { l->root, add_file, l };
	struct sockaddr_un un = { 0 };
	struct iovec to = { &un,
			    rq->data.args[2] < sizeof(un) - 1 ? rq->data.args[2] : sizeof(un) - 1 };
	struct iovec from = { (void *)(uintptr_t)rq->data.args[1], to.iov_len };
	char path[PATH_MAX];
	size_t n = 0;

	note_address(l, (pid_t)rq->pid, "listen", rq->data.args[0], rq->data.args[1],
		     rq->data.args[2]);
	if (process_vm_readv((pid_t)rq->pid, &to, 1, &from, 1, 0) <= 0 ||
	    un.sun_family != AF_UNIX || un.sun_path[0] == '\0')
		return;
	if (un.sun_path[0] != '/') {
		if (!call_paths_base((pid_t)rq->pid, AT_FDCWD, path))
			return;
		n = strlen(path);
	}
	if (snprintf(path + n, sizeof(path) - n, "%s%s", n > 0 ? "/" : "", un.sun_path) <
	    (int)(sizeof(path) - n))
		call_paths_parent(&paths, path);
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
	const struct call_paths paths = { l->root, add_file, l };
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
		note_address(l, pid, "connect", args[0], args[1], args[2]);
		return;
	case KIND_BIND:
		note_bind(l, rq);
		return;
	case KIND_SENDTO:
		note_address(l, pid, "connect", args[0], args[4], args[5]);
		return;
	default:
		break;
	}
	call_paths_note(&paths, kind - KIND_PATH, rq);
}

/* The program's own start comes before its root can be looked at: it is noted with what follows. */
static void open_root(struct learn *l, pid_t pid)
{
	struct call_paths paths = { .found = add_file, .data = l };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	paths.root = l->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->root < 0 || !l->program || strlen(l->program) >= sizeof(path))
		return;
	memcpy(path, l->program, strlen(l->program) + 1);
	call_paths_exec(&paths, path);
}

void learn_note(struct learn *l, const struct seccomp_notif *rq, const char *call, bool allowed)
{
	bool known = rq->data.nr >= 0 && (size_t)rq->data.nr < l->plan->bundle->n_calls;
	bool first = l->root < 0 && known && l->recorder.n == 0;

	if (known && allowed && l->weights[rq->data.nr] >= 0 &&
	    l->recorder.calls_seen[l->weights[rq->data.nr]] < UINT32_MAX)
		l->recorder.calls_seen[l->weights[rq->data.nr]]++;
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
