// SPDX-License-Identifier: Apache-2.0
#include "runtime/profile.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/to_apparmor.h"
#include "sandbox/plan_lsm.h"

#define PARSER "/usr/sbin/apparmor_parser"
#define FEATURES "/sys/kernel/security/apparmor/features"
#define CURRENT "/proc/thread-self/attr/apparmor/current"
#define PREFIX "immure-"
#define PROFILE_MAX ((size_t)4 << 20)

const char *profile_name(struct arena *arena)
{
	return arena_printf(arena, PREFIX "%d", getpid());
}

/* One text after another, in memory, read from the start by who gets the descriptor. */
static int memory_file(const struct strbuf *text, struct err *err)
{
	cleanup_close int fd = memfd_create("profile", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot make a memory file");
	r = text ? fd_write_all(fd, text->p, text->len) : 0;
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, r < 0 ? -r : errno, "cannot write a profile");
	return steal_fd(fd);
}

static int wait_for(pid_t pid, int *ret, struct err *err)
{
	while (waitpid(pid, ret, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for a process");
	}
	return 0;
}

/* Nothing of the caller's environment: what it would change is which files the parser reads. */
static int spawn_parser(int in, int out, pid_t *ret, struct err *err)
{
	static const char *const argv[] = { "apparmor_parser",
					    "--config-file",
					    "/dev/null",
					    "-QTKq",
					    "--kernel-features",
					    FEATURES,
					    "--policy-features",
					    FEATURES,
					    "-o",
					    "/dev/stdout",
					    NULL };
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ENOMEM, "out of memory");
	r = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
						     0);
	if (r == 0)
		r = posix_spawn(ret, PARSER, &actions, NULL, (char *const *)(uintptr_t)argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : err_sys(err, r, "cannot start " PARSER);
}

int profile_compile(const struct strbuf *text, struct strbuf *ret, struct err *err)
{
	cleanup_close int in = memory_file(text, err);
	cleanup_close int out = memory_file(NULL, err);
	int status = 0;
	pid_t pid = -1;
	int r;

	if (in < 0 || out < 0)
		return in < 0 ? in : out;
	r = spawn_parser(in, out, &pid, err);
	if (r == 0)
		r = wait_for(pid, &status, err);
	if (r < 0)
		return r;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, EIO, PARSER " refused the profile");
	if (lseek(out, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "cannot read a compiled profile");
	r = fd_read_all(out, PROFILE_MAX, ret);
	return r < 0 ? err_sys(err, -r, "cannot read a compiled profile") : 0;
}

/* One write(2) is one transaction. */
static int write_once(const char *path, const void *bytes, size_t n)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, bytes, n);

	if (written < 0)
		return errno;
	return (size_t)written == n ? 0 : EIO;
}

int profile_write(const char *path, const void *bytes, size_t n, struct err *err)
{
	int e = write_once(path, bytes, n);

	return e == 0 ? 0 : err_sys(err, e, "cannot write %s", path);
}

/*
 * In a child: policy may be changed by who is root, with CAP_MAC_ADMIN, in a user namespace as deep
 * as his policy namespace. Both are entered here, and left by ending.
 */
static int act_in_namespace(const struct plan *plan, const char *path, const void *bytes, size_t n)
{
	char label[96];
	char map[32];
	int size = snprintf(label, sizeof(label), "stack :" APPARMOR_NAMESPACE "%u:unconfined",
			    plan->host->uid);
	int r = write_once(CURRENT, label, (size_t)size);

	if (r == 0 && unshare(CLONE_NEWUSER) < 0)
		r = errno;
	if (r == 0) {
		size = snprintf(map, sizeof(map), "0 %u 1", plan->host->uid);
		r = write_once("/proc/thread-self/uid_map", map, (size_t)size);
	}
	return r == 0 ? write_once(path, bytes, n) : r;
}

/* The status of the child is the error: they are all below 134. */
static int in_namespace(const struct plan *plan, const char *path, const void *bytes, size_t n)
{
	struct err ignored = { 0 };
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(act_in_namespace(plan, path, bytes, n));
	if (pid < 0)
		return -errno;
	if (wait_for(pid, &status, &ignored) < 0 || !WIFEXITED(status))
		return -EIO;
	return -WEXITSTATUS(status);
}

static DIR *open_profiles(const struct plan *plan)
{
	char path[128];

	snprintf(path, sizeof(path), PROFILE_POLICY "/namespaces/" APPARMOR_NAMESPACE "%u/profiles",
		 plan->host->uid);
	return opendir(path);
}

static int open_profile(DIR *profiles, const char *entry)
{
	return openat(dirfd(profiles), entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool profile_is_leftover(const char *entry, char name[PROFILE_NAME_MAX])
{
	struct span rest = span_of(entry);
	struct span base = span_cut(&rest, '.');
	uint64_t pid = 0;

	if (!span_starts(base, PREFIX) || base.n >= PROFILE_NAME_MAX)
		return false;
	snprintf(name, PROFILE_NAME_MAX, "%.*s", (int)base.n, base.p);
	base.p += strlen(PREFIX);
	base.n -= strlen(PREFIX);
	if (span_u64(base, INT32_MAX, &pid) < 0 || pid == 0)
		return false;
	return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* By a monitor whose launcher is gone: see profile_hold(). */
static bool is_held(DIR *profiles, const char *entry)
{
	cleanup_close int fd = open_profile(profiles, entry);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

/* What killed launchers left. */
static void sweep(const struct plan *plan)
{
	cleanup_closedir DIR *dir = open_profiles(plan);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		char name[PROFILE_NAME_MAX];

		if (profile_is_leftover(entry->d_name, name) && !is_held(dir, entry->d_name) &&
		    in_namespace(plan, PROFILE_REMOVE, name, strlen(name)) < 0)
			return;
	}
}

/*
 * The monitor of a run in the background lives on when the launcher, whose number the profile's
 * name is made of, has ended. So the profile itself is locked: the kernel's own file of it is the
 * same for everybody, and the lock goes with the last process that has it.
 */
static int profile_hold(const struct plan *plan, struct err *err)
{
	cleanup_closedir DIR *dir = open_profiles(plan);
	size_t n = strlen(plan->lsm.profile);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		cleanup_close int fd = -1;

		if (strncmp(entry->d_name, plan->lsm.profile, n) != 0 || entry->d_name[n] != '.')
			continue;
		fd = open_profile(dir, entry->d_name);
		if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) < 0)
			return err_sys(err, errno, "cannot hold the profile");
		return steal_fd(fd);
	}
	return err_set(err, ENOENT, "the profile that was loaded is not there");
}

int profile_load(const struct plan *plan, struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf compiled = { 0 };
	int r = plan_profile_text(plan, arena, &text, err);

	if (r == 0)
		r = profile_compile(&text, &compiled, err);
	if (r < 0)
		return r;
	sweep(plan);
	r = in_namespace(plan, PROFILE_REPLACE, compiled.p, compiled.len);
	return r < 0 ? err_sys(err, -r, "cannot load the profile") : profile_hold(plan, err);
}

/* Its folder goes with it, and has no name from then on. */
bool profile_is_loaded(int profile)
{
	struct stat st = { 0 };

	return profile < 0 || (fstat(profile, &st) == 0 && st.st_nlink > 0);
}

void profile_remove(const struct plan *plan)
{
	if (plan->lsm.profile &&
	    in_namespace(plan, PROFILE_REMOVE, plan->lsm.profile, strlen(plan->lsm.profile)) < 0)
		return; /* the next launch sweeps */
}
