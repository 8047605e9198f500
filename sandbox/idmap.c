/* SPDX-License-Identifier: Apache-2.0 */
/* User and group ids of the new user namespace. Source: user_namespaces(7), newuidmap(1). */
#include "sandbox/idmap.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "base/sys.h"
#include "sandbox/steps.h"

#define MAP_TEXT_MAX 256

static void map_text(const struct proc_idmap *maps, size_t n, char ret[MAP_TEXT_MAX])
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < n && used < MAP_TEXT_MAX; i++) {
		int r = snprintf(ret + used, MAP_TEXT_MAX - used, "%u %u %u\n", maps[i].inside,
				 maps[i].outside, maps[i].count);

		used += r > 0 ? (size_t)r : 0;
	}
}

/* proc is a folder such as /proc/self or /proc/PID. */
static int write_maps(int proc, const struct plan_ids *ids, struct err *err)
{
	char text[MAP_TEXT_MAX];
	int r;

	map_text(ids->uids, ids->n_uid, text);
	r = fd_write_text(proc, "uid_map", text, err);
	if (r < 0)
		return r;
	/* An ordinary user may write its gid_map only once setgroups(2) is off. */
	if (ids->how == IDMAP_SELF) {
		r = fd_write_text(proc, "setgroups", "deny", err);
		if (r < 0)
			return r;
	}
	map_text(ids->gids, ids->n_gid, text);
	return fd_write_text(proc, "gid_map", text, err);
}

/*
 * In the child: take part in what maps its ids, and stop being an id that has no name here. As root
 * was the caller, our kernel id is 0, which the map leaves out: become the first mapped one.
 */
int idmap_write_self(const struct plan_ids *ids, struct err *err)
{
	cleanup_close int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return self < 0 ? err_sys(err, errno, "cannot open /proc/self")
			: write_maps(self, ids, err);
}

int idmap_apply(struct confine *c, struct err *err)
{
	const struct plan_ids *ids = &c->plan->ids;
	int r;

	if (ids->how != IDMAP_SELF) {
		r = confine_page_wait(&c->page->mapped, err);
		if (r < 0)
			return r;
		if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			return err_sys(err, errno, "cannot take the mapped ids");
		return 0;
	}
	return idmap_write_self(ids, err);
}

/* Arguments of newuidmap: PID INSIDE OUTSIDE COUNT ... */
static int start_helper(const char *program, pid_t pid, const struct proc_idmap *maps, size_t n,
			pid_t *ret, struct err *err)
{
	char numbers[1 + 3 * 3][16];
	char *argv[2 + ARRAY_LEN(numbers)] = { (char *)(uintptr_t)program };
	char *envp[] = { NULL };
	size_t used = 0;
	int r;

	snprintf(numbers[used++], sizeof(numbers[0]), "%d", pid);
	for (size_t i = 0; i < n; i++) {
		snprintf(numbers[used++], sizeof(numbers[0]), "%u", maps[i].inside);
		snprintf(numbers[used++], sizeof(numbers[0]), "%u", maps[i].outside);
		snprintf(numbers[used++], sizeof(numbers[0]), "%u", maps[i].count);
	}
	for (size_t i = 0; i < used; i++)
		argv[1 + i] = numbers[i];
	r = posix_spawn(ret, program, NULL, NULL, argv, envp);
	if (r != 0)
		return err_sys(err, r, "cannot start %s", program);
	return 0;
}

static int wait_helper(const char *program, pid_t helper, struct err *err)
{
	int status = 0;

	while (waitpid(helper, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for %s", program);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, EPERM, "%s refused the map: see /etc/subuid and /etc/subgid",
			       program);
	return 0;
}

/* Both at once: each takes milliseconds, being set-uid programs with libraries to load. */
static int map_by_helpers(const struct plan_ids *ids, pid_t pid, struct err *err)
{
	static const char uid_program[] = "/usr/bin/newuidmap";
	static const char gid_program[] = "/usr/bin/newgidmap";
	struct err second = { 0 };
	pid_t uid_helper = -1;
	pid_t gid_helper = -1;
	int r = start_helper(uid_program, pid, ids->uids, ids->n_uid, &uid_helper, err);
	int r2;

	if (r < 0)
		return r;
	r2 = start_helper(gid_program, pid, ids->gids, ids->n_gid, &gid_helper, &second);
	r = wait_helper(uid_program, uid_helper, err);
	if (r2 == 0)
		r2 = wait_helper(gid_program, gid_helper, &second);
	if (r == 0 && r2 < 0)
		*err = second;
	return r < 0 ? r : r2;
}

uint32_t idmap_outside(const struct proc_idmap *maps, size_t n, uint32_t inside)
{
	for (size_t i = 0; i < n; i++) {
		if (inside >= maps[i].inside && inside - maps[i].inside < maps[i].count)
			return maps[i].outside + (inside - maps[i].inside);
	}
	return UINT32_MAX;
}

uint32_t idmap_inside(const struct proc_idmap *maps, size_t n, uint32_t outside)
{
	for (size_t i = 0; i < n; i++) {
		if (outside >= maps[i].outside && outside - maps[i].outside < maps[i].count)
			return maps[i].inside + (outside - maps[i].outside);
	}
	return UINT32_MAX;
}

static int open_proc_of(pid_t pid, struct err *err)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	return fd;
}

int idmap_write(const struct plan_ids *ids, pid_t pid, struct err *err)
{
	cleanup_close int proc = -1;

	switch (ids->how) {
	case IDMAP_SELF:
		return 0;
	case IDMAP_HELPER:
		return map_by_helpers(ids, pid, err);
	case IDMAP_ROOT:
		proc = open_proc_of(pid, err);
		return proc < 0 ? proc : write_maps(proc, ids, err);
	}
	return err_set(err, EINVAL, "unknown way of mapping ids");
}

int idmap_open_userns(pid_t pid, struct err *err)
{
	cleanup_close int proc = open_proc_of(pid, err);
	int ns;

	if (proc < 0)
		return proc;
	ns = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return err_sys(err, errno, "cannot open a user namespace");
	return ns;
}

/* A user namespace is made by a process that does nothing else and is gone when we return. */
int idmap_make_userns(const struct proc_idmap *uid, const struct proc_idmap *gid, struct err *err)
{
	struct plan_ids ids = {
		.how = IDMAP_ROOT, .n_uid = 1, .n_gid = 1, .uids = { *uid }, .gids = { *gid }
	};
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	const pid_t ourselves = getpid();
	pid_t pid = sys_clone3(&args);
	int ns;

	if (pid < 0)
		return err_sys(err, -pid, "cannot make a user namespace");
	if (pid == 0) {
		/* The second look closes the gap before prctl(2). */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != ourselves)
			_exit(1);
		for (;;)
			pause();
	}
	ns = idmap_write(&ids, pid, err);
	if (ns == 0)
		ns = idmap_open_userns(pid, err);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ns;
}

int idmap_clone_mount(int source, int userns, struct err *err)
{
	struct mount_attr how = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	cleanup_close int tree = tree_clone(source, "", false, err);

	if (tree < 0)
		return tree;
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &how, sizeof(how)) < 0)
		return err_set(
			err, errno,
			"its file system cannot show other owners (id-mapped mounts): keep it on ext4, xfs, btrfs, or from Linux 6.3 on tmpfs");
	return steal_fd(tree);
}
