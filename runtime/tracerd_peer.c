/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracing shows what a program does to whoever reads the ring, so a task may be traced by its owner
 * only; and one that could gain rights by executing something (no no_new_privs) by nobody.
 */
#include "runtime/tracerd_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "base/accounts.h"
#include "base/fd.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif
#define PROC_TEXT_MAX ((size_t)64 << 10)
#define ETC_TEXT_MAX ((size_t)1 << 20)

int peer_identify(int connection, struct peer *ret, struct err *err)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	socklen_t fd_size = sizeof(ret->pidfd);
	int pidfd = -1;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return err_sys(err, errno, "cannot learn who connected");
	if (who.pid <= 0)
		return err_set(err, EPERM, "you are in a process namespace that is not ours");
	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &fd_size) < 0)
		pidfd = pidfd_open(who.pid, 0);
	if (pidfd < 0)
		return err_set(err, EPERM, "the process that connected is gone");
	*ret = (struct peer){ who.uid, pidfd };
	return 0;
}

static bool all_ids_are(const uint32_t ids[4], uint32_t id)
{
	return ids[0] == id && ids[1] == id && ids[2] == id && ids[3] == id;
}

static bool all_ids_within(const uint32_t ids[4], const struct proc_idmap *range)
{
	for (size_t i = 0; i < 4; i++) {
		if (ids[i] < range->outside || ids[i] - range->outside >= range->count)
			return false;
	}
	return true;
}

int peer_may_trace(uint32_t uid, const struct proc_idmap *range, const struct proc_status *task,
		   struct err *err)
{
	if (task->pid <= 1 || task->tgid != task->pid)
		return err_set(err, EPERM, "process %u is not to be traced", task->pid);
	if (uid != 0 && !all_ids_are(task->uid, uid) && !all_ids_within(task->uid, range))
		return err_set(err, EPERM, "that task is not yours");
	if (task->no_new_privs != 1)
		return err_set(err, EPERM, "that task has not set no_new_privs");
	if (task->threads != 1)
		return err_set(err, EPERM, "that task has threads already");
	return 0;
}

/* The number of the task as we see it, from what the kernel tells of our own descriptor. */
static int pid_of(int pidfd, uint32_t *ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	uint64_t pid = 0;
	char path[48];
	struct span rest;
	int r;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	r = fd_read_file(AT_FDCWD, path, PROC_TEXT_MAX, &text, err);
	if (r < 0)
		return r;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span number;

		if (!span_eq(span_cut(&line, ':'), "Pid"))
			continue;
		number = span_trim(line);
		if (span_eq(number, "-1"))
			return err_set(err, ESRCH, "that task is gone");
		if (span_u64(number, INT32_MAX, &pid) < 0 || pid == 0)
			return err_set(err, EPERM, "that task is not within our sight");
		*ret = (uint32_t)pid;
		return 0;
	}
	return err_set(err, EBADMSG, "that is not the descriptor of a task");
}

static int read_status(uint32_t pid, struct proc_status *ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	char path[40];
	int r;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	r = fd_read_file(AT_FDCWD, path, PROC_TEXT_MAX, &text, err);
	if (r < 0)
		return r;
	return proc_status_parse((struct span){ strbuf_str(&text), text.len }, ret, err);
}

/* The subordinate ids that this user may give to his sandboxes; none if that cannot be read. */
static void read_range(uint32_t uid, struct proc_idmap *ret)
{
	cleanup_strbuf struct strbuf passwd = { 0 };
	cleanup_strbuf struct strbuf subuid = { 0 };
	struct err ignored = { 0 };
	struct account account = { 0 };
	char user[64] = "";

	*ret = (struct proc_idmap){ 0 };
	if (fd_read_file(AT_FDCWD, "/etc/passwd", ETC_TEXT_MAX, &passwd, &ignored) < 0 ||
	    fd_read_file(AT_FDCWD, "/etc/subuid", ETC_TEXT_MAX, &subuid, &ignored) < 0)
		return;
	if (!account_find_uid((struct span){ strbuf_str(&passwd), passwd.len }, uid, &account) ||
	    account.name.n == 0 || account.name.n >= sizeof(user))
		return;
	snprintf(user, sizeof(user), "%.*s", (int)account.name.n, account.name.p);
	/* Returns 0 and leaves *ret alone when there is none. */
	subid_find((struct span){ strbuf_str(&subuid), subuid.len }, user, uid, ret);
}

int peer_check_task(const struct peer *peer, int pidfd, uint32_t *ret_pid, struct err *err)
{
	struct pollfd alive = { .fd = pidfd, .events = POLLIN };
	struct proc_status task = { 0 };
	struct proc_idmap range;
	uint32_t pid = 0;
	int r = pid_of(pidfd, &pid, err);

	if (r < 0)
		return r;
	r = read_status(pid, &task, err);
	if (r < 0)
		return r;
	read_range(peer->uid, &range);
	r = peer_may_trace(peer->uid, &range, &task, err);
	if (r < 0)
		return r;
	/* Still alive: so what was read under its number was its own. */
	if (poll(&alive, 1, 0) != 0)
		return err_set(err, ESRCH, "that task is gone");
	*ret_pid = pid;
	return 0;
}
