/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/userns_call.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/idmap.h"

struct answer {
	int result;
	struct err err;
};

/* The first byte that the child sends. */
enum word {
	WORD_ANSWER, /* the answer follows, without a map */
	WORD_MAP_ME,
};

/* A parent that dies takes us with it; to be said again whenever our ids change. */
static int tie_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ? -1 : 0;
}

static int enter_new(const struct plan_ids *ids, int to_parent, pid_t parent, struct err *err)
{
	char word = WORD_MAP_ME;

	if (tie_to(parent) < 0 || unshare(CLONE_NEWUSER) < 0) {
		int r = err_sys(err, errno, "cannot make a user namespace");

		word = WORD_ANSWER;
		return fd_write_all(to_parent, &word, 1) < 0 ? -EPIPE : r;
	}
	if (fd_write_all(to_parent, &word, 1) < 0 || fd_read_full(to_parent, &word, 1) != 1)
		return err_set(err, EPERM, "the user namespace got no map");
	if (ids->how == IDMAP_SELF && idmap_write_self(ids, err) < 0)
		return -err->code;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 || tie_to(parent) < 0)
		return err_sys(err, errno, "cannot take the mapped ids");
	return 0;
}

static int enter_old(int userns, int to_parent, pid_t parent, struct err *err)
{
	char word = WORD_ANSWER;
	int r = fd_write_all(to_parent, &word, 1);

	if (r < 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setns(userns, CLONE_NEWUSER) < 0 || tie_to(parent) < 0)
		return err_sys(err, errno, "cannot enter the run's user namespace");
	return 0;
}

/* In the parent: map the child once it is in its namespace, then wait for its answer. */
static int attend(const struct plan_ids *ids, pid_t child, int fd, struct err *err)
{
	struct answer answer = { 0 };
	char word = WORD_ANSWER;
	int r;

	if (fd_read_full(fd, &word, 1) == 1 && word == WORD_MAP_ME) {
		r = idmap_write(ids, child, err);
		if (r == 0)
			r = fd_write_all(fd, &word, 1);
		if (r < 0)
			return r;
	}
	if (fd_read_full(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		return err_set(err, EPROTO, "the process in the user namespace ended early");
	*err = answer.err;
	return answer.result;
}

/* In a new namespace with these ids or, without any, in one that is there. */
static int call_in_child(const struct plan_ids *ids, int userns, userns_fn fn, void *data,
			 struct err *err)
{
	cleanup_close int mine = -1;
	cleanup_close int its = -1;
	pid_t parent = getpid();
	pid_t child;
	int fds[2];
	int r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(err, errno, "cannot make a socket pair");
	mine = fds[0];
	its = fds[1];
	child = fork();
	if (child < 0)
		return err_sys(err, errno, "cannot make a process");
	if (child == 0) {
		struct answer answer = { 0 };

		closep(&mine);
		answer.result = ids ? enter_new(ids, its, parent, &answer.err)
				    : enter_old(userns, its, parent, &answer.err);
		if (answer.result == 0)
			answer.result = fn(data, &answer.err);
		_exit(fd_write_all(its, &answer, sizeof(answer)) < 0);
	}
	closep(&its);
	r = attend(ids, child, mine, err);
	closep(&mine);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int userns_call_files(bool range, userns_fn fn, void *data, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct host host = { 0 };
	struct plan_ids ids = { 0 };
	int r = host_read(&arena, &host, err);

	if (r < 0)
		return r;
	if (host.is_root)
		return fn(data, err);
	r = plan_ids_files(&host, range, &ids, err);
	return r < 0 ? r : call_in_child(&ids, -1, fn, data, err);
}

int userns_call(userns_fn fn, void *data, struct err *err)
{
	return userns_call_files(true, fn, data, err);
}

int userns_call_in(int userns, userns_fn fn, void *data, struct err *err)
{
	return call_in_child(NULL, userns, fn, data, err);
}
