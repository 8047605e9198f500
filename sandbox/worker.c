/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Should: leave a parser of foreign bytes nothing that is worth taking.
 * Mustn't: fall back to less than what worker.h says.
 */
#include "sandbox/worker.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "sandbox/idmap.h"
#include "sandbox/steps.h"

#define WORKER_NAMESPACES \
	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define WORKER_NOFILE 64
#define EMPTY_BYTES ((uint64_t)4 << 10)

/* Bring fds to 0..n-1 by way of numbers above all of them; nothing else stays open. */
static int place_fds(const struct worker_request *request, struct err *err)
{
	int high[WORKER_MAX_FDS];

	for (size_t i = 0; i < request->n_fds; i++) {
		high[i] = fcntl(request->fds[i], F_DUPFD_CLOEXEC, WORKER_NOFILE);
		if (high[i] < 0)
			return err_sys(err, errno, "cannot pass a descriptor");
	}
	for (size_t i = 0; i < request->n_fds; i++) {
		if (dup2(high[i], (int)i) < 0)
			return err_sys(err, errno, "cannot pass a descriptor");
	}
	if (close_range((unsigned)request->n_fds, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot close what is not passed");
	return 0;
}

/* Our end of the pipe is closed when the maps are written; the child goes on at end of file. */
static int wait_for_map(int fd, struct err *err)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return err_set(err, EOWNERDEAD, "the ids were not mapped");
	return 0;
}

static int become_worker(const struct worker_request *request, int mapped, struct err *err)
{
	char *const envp[] = { NULL };
	struct confine c = { .plan = NULL };
	struct plan plan = { .ids = *request->ids };
	sigset_t none;
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(err, errno, "cannot tie our life to the caller's");
	c.plan = &plan;
	r = request->ids->how == IDMAP_SELF ? idmap_apply(&c, err) : wait_for_map(mapped, err);
	if (r < 0)
		return r;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, errno, "cannot take the mapped ids");
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || signal(SIGPIPE, SIG_DFL) == SIG_ERR)
		return err_sys(err, errno, "cannot reset signals");
	r = place_fds(request, err);
	if (r < 0)
		return r;
	execve(request->program, request->argv, envp);
	return err_sys(err, errno, "cannot start %s", request->program);
}

static int map_worker(const struct worker_request *request, pid_t pid, int go, struct err *err)
{
	int r = idmap_write(request->ids, pid, err);

	if (r < 0)
		return r;
	if (request->ids->how != IDMAP_SELF && write(go, "", 1) != 1)
		return err_sys(err, errno, "cannot wake the worker");
	return 0;
}

/* The child's error comes through a pipe that exec closes. */
static int wait_for_exec(int fd, struct err *err)
{
	struct err report = { 0 };
	ssize_t n;

	do
		n = read(fd, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(report) || report.code <= 0)
		return err_set(err, EPROTO, "the worker's report makes no sense");
	report.msg[sizeof(report.msg) - 1] = '\0';
	*err = report;
	return -report.code;
}

int worker_start(const struct worker_request *request, struct worker *ret, struct err *err)
{
	int go[2] = { -1, -1 };
	int report[2] = { -1, -1 };
	struct worker worker = { .pid = -1, .pidfd = -1 };
	struct clone_args args = { .flags = WORKER_NAMESPACES | CLONE_PIDFD,
				   .pidfd = (uint64_t)(uintptr_t)&worker.pidfd,
				   .exit_signal = SIGCHLD };
	int r;

	if (!request->network)
		args.flags |= CLONE_NEWNET;
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0) {
		closep(&go[0]);
		closep(&go[1]);
		return err_sys(err, errno, "cannot make a pipe");
	}
	worker.pid = sys_clone3(&args);
	if (worker.pid == 0) {
		struct err failure = { 0 };

		close(go[1]);
		close(report[0]);
		(void)become_worker(request, go[0], &failure);
		_exit(write(report[1], &failure, sizeof(failure)) == sizeof(failure) ? 127 : 126);
	}
	closep(&go[0]);
	closep(&report[1]);
	if (worker.pid < 0) {
		r = err_sys(err, (int)-worker.pid, "cannot make a process in new namespaces");
	} else {
		r = map_worker(request, worker.pid, go[1], err);
		if (r == 0)
			r = wait_for_exec(report[0], err);
	}
	closep(&go[1]);
	closep(&report[0]);
	if (r < 0) {
		worker_done(&worker);
		return r;
	}
	*ret = worker;
	return 0;
}

int worker_wait(struct worker *worker, int *ret, struct err *err)
{
	while (waitpid(worker->pid, ret, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for a worker");
	}
	worker->pid = -1;
	closep(&worker->pidfd);
	return 0;
}

void worker_done(struct worker *worker)
{
	if (worker->pid > 0) {
		kill(worker->pid, SIGKILL);
		while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	worker->pid = -1;
	closep(&worker->pidfd);
}

/* The folder as a mount of its own: as the working folder it moves into a new mount namespace. */
static int folder_mount(const struct worker_rules *rules, struct err *err)
{
	uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	cleanup_close int tree = -1;
	int r;

	if (rules->dir < 0)
		return tmpfs_make(EMPTY_BYTES, 2, 0500, (unsigned)attr | MOUNT_ATTR_RDONLY, err);
	tree = tree_clone(AT_FDCWD, ".", false, err);
	if (tree < 0)
		return tree;
	if (!rules->writable)
		attr |= MOUNT_ATTR_RDONLY;
	r = tree_restrict(tree, attr, false, err);
	return r < 0 ? r : steal_fd(tree);
}

static int change_root(const struct worker_rules *rules, int *ret_dir, struct err *err)
{
	cleanup_close int old = -1;
	cleanup_close int tree = -1;
	int r;

	if (rules->dir >= 0 && fchdir(rules->dir) < 0)
		return err_sys(err, errno, "cannot enter the folder");
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, errno, "cannot make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, errno, "cannot make mounts private");
	tree = folder_mount(rules, err);
	if (tree < 0)
		return tree;
	old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0)
		return err_sys(err, errno, "cannot open /");
	r = tree_attach(tree, old, err);
	if (r < 0)
		return r;
	if (fchdir(tree) < 0)
		return err_sys(err, errno, "cannot enter the folder");
	r = sys_pivot_root(".", ".");
	if (r < 0)
		return err_sys(err, -r, "cannot change the root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(err, errno, "cannot leave the old root");
	if (rules->dir >= 0)
		close(rules->dir);
	*ret_dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_dir < 0 ? err_sys(err, errno, "cannot open the new root") : 0;
}

static int limit_self(const struct worker_rules *rules, struct err *err)
{
	const struct {
		int resource;
		uint64_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, WORKER_NOFILE },
		{ RLIMIT_NPROC, rules->threads },
		{ RLIMIT_FSIZE, rules->file_bytes },
		{ RLIMIT_AS, rules->memory },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		int r = sys_prlimit(0, limits[i].resource, limits[i].value, limits[i].value);

		if (r < 0)
			return err_sys(err, -r, "cannot set a limit");
	}
	return 0;
}

static int filter_self(const struct bundle *bundle, struct err *err)
{
	struct sock_fprog program = {
		.len = (unsigned short)bundle->n_filter,
		.filter = (struct sock_filter *)(uintptr_t)bundle->filter,
	};
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);

	return r < 0 ? err_sys(err, -r, "cannot install the filter") : 0;
}

int worker_confine_apply(const struct worker_rules *rules, int *ret_dir, struct err *err)
{
	int r = change_root(rules, ret_dir, err);

	if (r == 0)
		r = limit_self(rules, err);
	if (r == 0)
		r = caps_keep_apply(rules->over_ids, err);
	if (r == 0)
		r = nnp_apply(NULL, err);
	if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = err_sys(err, errno, "cannot tie our life to the caller's");
	if (r == 0)
		r = fsrules_one_folder_apply(*ret_dir, rules->writable, err);
	if (r == 0)
		r = filter_self(rules->bundle, err);
	return r;
}
