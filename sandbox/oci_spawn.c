/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/oci_spawn.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "base/sys.h"
#include "sandbox/confine.h"

const struct oci_ns_row oci_ns_rows[OCI_NS_COUNT] = {
	[OCI_NS_MOUNT] = { CLONE_NEWNS, "mnt", "mount" },
	[OCI_NS_PID] = { CLONE_NEWPID, "pid", "pid" },
	[OCI_NS_NETWORK] = { CLONE_NEWNET, "net", "network" },
	[OCI_NS_IPC] = { CLONE_NEWIPC, "ipc", "ipc" },
	[OCI_NS_UTS] = { CLONE_NEWUTS, "uts", "uts" },
	[OCI_NS_USER] = { CLONE_NEWUSER, "user", "user" },
	[OCI_NS_CGROUP] = { CLONE_NEWCGROUP, "cgroup", "cgroup" },
	[OCI_NS_TIME] = { CLONE_NEWTIME, "time", "time" },
};

struct oci_page *oci_page_new(void)
{
	void *page = mmap(NULL, sizeof(struct oci_page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

static pid_t clone_child(const struct oci_spawn *spawn, uint64_t flags, struct err *err)
{
	struct clone_args args = {
		.flags = spawn->new_flags | flags | (spawn->shared ? CLONE_FILES : 0),
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	pid_t pid;

	if (spawn->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)spawn->cgroup;
	}
	pid = sys_clone3(&args);
	if (pid < 0)
		return err_sys(err, -pid, "cannot make a process in new namespaces");
	return pid;
}

bool oci_spawn_can_enter(int cgroup)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)cgroup };
	pid_t pid = cgroup < 0 ? -1 : sys_clone3(&args);

	if (pid == 0)
		_exit(0);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return pid > 0;
}

static bool must_stage(const struct oci_spawn *spawn)
{
	for (size_t i = 0; i < OCI_NS_COUNT; i++) {
		if (spawn->join[i] >= 0)
			return true;
	}
	return spawn->target >= 0 || spawn->new_time || spawn->shared;
}

/*
 * A namespace belongs to a user namespace, and joining needs rights in that one: what we may join
 * now is joined before ours changes, the rest after it.
 */
static int join_all(const struct oci_spawn *spawn, struct err *err)
{
	bool joined[OCI_NS_COUNT] = { 0 };
	int user = spawn->join[OCI_NS_USER];

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < OCI_NS_COUNT; i++) {
			if (spawn->join[i] < 0 || i == OCI_NS_USER || joined[i])
				continue;
			joined[i] = setns(spawn->join[i], (int)oci_ns_rows[i].flag) == 0;
			if (!joined[i] && (round == 1 || user < 0 || errno != EPERM))
				return err_sys(err, errno, "cannot join the %s namespace",
					       oci_ns_rows[i].name);
		}
		if (user < 0)
			return 0;
		if (round == 0 && setns(user, CLONE_NEWUSER) < 0)
			return err_sys(err, errno, "cannot join the user namespace");
	}
	return 0;
}

static int enter_time(const struct oci_spawn *spawn, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };

	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(err, errno, "cannot make a time namespace");
	for (size_t i = 0; i < spawn->time_offsets.n; i++)
		strbuf_addf(&text, "%s %s\n", spawn->time_offsets.items[i].key,
			    spawn->time_offsets.items[i].value);
	if (text.len == 0)
		return 0;
	return fd_write_text(AT_FDCWD, "/proc/self/timens_offsets", strbuf_str(&text), err);
}

/* Nobody inside may look into us from the moment on that we are inside (R6). */
static int enter_target(const struct oci_spawn *spawn, struct err *err)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(err, errno, "cannot become undumpable");
	if (setns(spawn->target, (int)spawn->target_flags) < 0)
		return err_sys(err, errno, "cannot join the container's namespaces");
	return 0;
}

static int stage(const struct oci_spawn *spawn, struct err *err)
{
	int r = join_all(spawn, err);

	if (r == 0 && spawn->target >= 0)
		r = enter_target(spawn, err);
	if (r == 0 && spawn->new_time)
		r = enter_time(spawn, err);
	if (r < 0)
		return r;
	return clone_child(spawn, CLONE_PARENT, err);
}

/* The stage is our own child, or with a shared table our sibling, whom a pidfd tells us of. */
static void await_stage(pid_t between, int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0) {
		while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
			;
		return;
	}
	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
}

static pid_t make_stage(const struct oci_spawn *spawn, int *ret_pidfd)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (!spawn->shared)
		return sys_clone3(&args);
	args = (struct clone_args){ .flags = CLONE_FILES | CLONE_PARENT | CLONE_PIDFD,
				    .pidfd = (uint64_t)(uintptr_t)ret_pidfd };
	return sys_clone3(&args);
}

pid_t oci_spawn(const struct oci_spawn *spawn, struct oci_page *page, struct err *err)
{
	int pidfd = -1;
	pid_t between;
	pid_t pid;

	if (!must_stage(spawn))
		return clone_child(spawn, 0, err);
	between = make_stage(spawn, &pidfd);
	if (between < 0)
		return err_sys(err, -between, "cannot make a process");
	if (between == 0) {
		pid = stage(spawn, err);
		if (pid == 0)
			return 0; /* the child */
		if (pid < 0)
			page->err = *err;
		else
			page->child = pid;
		_exit(0);
	}
	page->stage = between;
	await_stage(between, pidfd);
	closep(&pidfd);
	if (page->err.code) {
		*err = page->err;
		return -err->code;
	}
	if (page->child <= 0)
		return err_set(err, EPROTO, "the process between died before its work was done");
	return page->child;
}

pid_t oci_spawn_await(pid_t monitor, struct oci_page *page, struct err *err)
{
	const struct timespec look = { .tv_nsec = 50000000 };

	while (__atomic_load_n(&page->made, __ATOMIC_ACQUIRE) == 0) {
		syscall(SYS_futex, &page->made, FUTEX_WAIT, 0, &look, NULL, 0);
		if (waitpid(monitor, NULL, WNOHANG) == monitor &&
		    __atomic_load_n(&page->made, __ATOMIC_ACQUIRE) == 0)
			return err_set(err, EPROTO, "the monitor died half-way");
	}
	while (page->stage > 0 && waitpid(page->stage, NULL, 0) < 0 && errno == EINTR)
		;
	if (page->err.code == 0)
		return page->child;
	*err = page->err;
	return -err->code;
}

static int map_text(const struct oci_idmaps *maps, struct strbuf *text)
{
	for (size_t i = 0; i < maps->n; i++)
		strbuf_addf(text, "%u %u %u\n", maps->maps[i].inside, maps->maps[i].outside,
			    maps->maps[i].count);
	return text->failed ? -ENOMEM : 0;
}

/* newuidmap PID INSIDE OUTSIDE COUNT ...: set-uid, so that it takes its arguments and nothing else
 */
static int map_by_helper(const char *program, pid_t pid, const struct oci_idmaps *maps,
			 struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	char **argv = arena_array(&arena, 3 + 3 * maps->n, sizeof(*argv));
	char *envp[] = { NULL };
	int status = 0;
	size_t n = 0;
	pid_t helper = -1;
	int r;

	if (!argv)
		return err_set(err, ENOMEM, "out of memory");
	argv[n++] = arena_strdup(&arena, program);
	argv[n++] = arena_printf(&arena, "%d", pid);
	for (size_t i = 0; i < maps->n; i++) {
		argv[n++] = arena_printf(&arena, "%u", maps->maps[i].inside);
		argv[n++] = arena_printf(&arena, "%u", maps->maps[i].outside);
		argv[n++] = arena_printf(&arena, "%u", maps->maps[i].count);
	}
	for (size_t i = 0; i < n; i++) {
		if (!argv[i])
			return err_set(err, ENOMEM, "out of memory");
	}
	r = posix_spawn(&helper, program, NULL, NULL, argv, envp);
	if (r != 0)
		return err_sys(err, r, "cannot start %s", program);
	while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, EPERM, "%s refused the map: see /etc/subuid and /etc/subgid",
			       program);
	return 0;
}

static int write_map(int proc, pid_t pid, const char *file, const char *helper,
		     const struct oci_idmaps *maps, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err direct = { 0 };

	if (map_text(maps, &text) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (fd_write_text(proc, file, strbuf_str(&text), &direct) == 0)
		return 0;
	if (direct.code != EPERM) {
		*err = direct;
		return -err->code;
	}
	return map_by_helper(helper, pid, maps, err);
}

/* An ordinary user may map its own group alone only once setgroups(2) is off. */
static int deny_setgroups(int proc, const struct oci_plan *plan, struct err *err)
{
	bool own_alone = plan->gids.n == 1 && plan->gids.maps[0].count == 1 &&
			 plan->gids.maps[0].outside == getegid();

	if (geteuid() == 0 || !own_alone)
		return 0;
	return fd_write_text(proc, "setgroups", "deny", err);
}

int oci_idmaps_write(const struct oci_plan *plan, pid_t pid, struct err *err)
{
	cleanup_close int proc = -1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return err_sys(err, errno, "cannot open %s", path);
	r = write_map(proc, pid, "uid_map", "/usr/bin/newuidmap", &plan->uids, err);
	if (r == 0)
		r = deny_setgroups(proc, plan, err);
	if (r == 0)
		r = write_map(proc, pid, "gid_map", "/usr/bin/newgidmap", &plan->gids, err);
	return r;
}
