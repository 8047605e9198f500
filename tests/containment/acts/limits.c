// SPDX-License-Identifier: Apache-2.0
/* What one workload may use up of the user's and the machine's resources (class 50). */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1UL << 20)
#define FORK_LIMIT 4096
#define MEMORY_LIMIT (4608 * MIB)
#define INOTIFY_LIMIT 64

/* nr is the resource, args[0] the most that the hard limit may be. */
static enum outcome see_rlimit(const struct act *act)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)act->nr, &limit) < 0)
		return act_untried("getrlimit: %s", strerrorname_np(errno));
	if (limit.rlim_max > act->args[0])
		return act_broken("%s", limit.rlim_max == RLIM_INFINITY ? "unlimited" : "too much");
	return act_refused("%lu", (unsigned long)limit.rlim_max);
}

static enum outcome try_raise(const struct act *act)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)act->nr, &limit) < 0)
		return act_untried("getrlimit: %s", strerrorname_np(errno));
	if (limit.rlim_max == RLIM_INFINITY)
		return act_broken("there is no limit");
	limit.rlim_max++;
	limit.rlim_cur = limit.rlim_max;
	return act_reached(setrlimit((__rlimit_resource_t)act->nr, &limit));
}

/* Each child shares our memory and only waits, so that trying costs the machine little. */
static enum outcome try_forks(const struct act *act)
{
	static char stack[64];
	int made = 0;
	int e = 0;

	(void)act;
	/* A group of their own: one signal ends them all. */
	setpgid(0, 0);
	while (made < FORK_LIMIT) {
		long pid = syscall(SYS_clone, CLONE_VM | CLONE_VFORK * 0UL | SIGCHLD,
				   stack + sizeof(stack), 0, 0, 0);

		if (pid == 0) {
			for (;;)
				syscall(SYS_pause);
		}
		if (pid < 0) {
			e = errno;
			break;
		}
		made++;
	}
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	if (made < FORK_LIMIT)
		return act_refused("%s after %d", strerrorname_np(e), made);
	return act_broken("%d processes at once", made);
}

static unsigned long free_memory(void)
{
	char buf[4096];
	const char *at;

	if (act_read("/proc/meminfo", buf, sizeof(buf)) < 0)
		return 0;
	at = strstr(buf, "MemAvailable:");
	return at ? strtoul(at + strlen("MemAvailable:"), NULL, 10) * 1024 : 0;
}

static enum outcome try_memory(const struct act *act)
{
	unsigned long have = 0;
	int status = 0;
	pid_t pid;

	(void)act;
	if (free_memory() < 2 * MEMORY_LIMIT)
		return act_untried("this machine has too little memory for the test");
	pid = fork();
	if (pid == 0) {
		while (have < MEMORY_LIMIT) {
			void *p = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (p == MAP_FAILED)
				_exit(0);
			madvise(p, 64 * MIB, MADV_HUGEPAGE);
			memset(p, 1, 64 * MIB);
			have += 64 * MIB;
		}
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return act_untried("fork: %s", strerrorname_np(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		return act_broken("%lu MiB in one process", MEMORY_LIMIT / MIB);
	return act_refused("%s", WIFEXITED(status) ? "mmap failed" : "killed");
}

/* Files in memory and System V segments count for no process: only a cgroup holds them. */
static enum outcome try_memfds(const struct act *act)
{
	unsigned long have = 0;

	(void)act;
	if (free_memory() < 2 * MEMORY_LIMIT)
		return act_untried("this machine has too little memory for the test");
	while (have < MEMORY_LIMIT) {
		int fd = (int)syscall(SYS_memfd_create, "m", 8U /* MFD_NOEXEC_SEAL */);

		if (fd < 0 || fallocate(fd, 0, 0, 64 * MIB) < 0)
			return act_refused("%s after %lu MiB", strerrorname_np(errno), have / MIB);
		have += 64 * MIB;
	}
	return act_broken("%lu MiB in memory files", have / MIB);
}

static enum outcome try_shm(const struct act *act)
{
	int ids[128];
	int n = 0;
	int e = 0;

	(void)act;
	while (n < 128 && (unsigned long)n * 64 * MIB < MEMORY_LIMIT) {
		ids[n] = shmget(IPC_PRIVATE, 64 * MIB, 0600);
		e = errno;
		if (ids[n] < 0)
			break;
		n++;
	}
	for (int i = 0; i < n; i++)
		shmctl(ids[i], IPC_RMID, NULL);
	if ((unsigned long)n * 64 * MIB < MEMORY_LIMIT)
		return act_refused("%s after %d MiB", strerrorname_np(e), n * 64);
	return act_broken("%d MiB of shared segments", n * 64);
}

static enum outcome see_size(const struct act *act)
{
	struct statvfs st;
	unsigned long mib;

	if (statvfs(act->path, &st) < 0 || st.f_flag & ST_RDONLY)
		return act_refused("no writable %s", act->path);
	mib = st.f_blocks * st.f_frsize / MIB;
	if (mib == 0 || mib > act->args[0])
		return act_broken("%s may hold %lu MiB", act->path, mib);
	return act_refused("%lu MiB", mib);
}

static enum outcome see_inodes(const struct act *act)
{
	struct statvfs st;

	if (statvfs(act->path, &st) < 0 || st.f_flag & ST_RDONLY)
		return act_refused("no writable %s", act->path);
	if (st.f_files == 0 || st.f_files > act->args[0])
		return act_broken("%s may hold %lu files", act->path, (unsigned long)st.f_files);
	return act_refused("%lu files", (unsigned long)st.f_files);
}

static enum outcome try_inotify(const struct act *act)
{
	int n = 0;

	(void)act;
	while (n <= INOTIFY_LIMIT && inotify_init1(IN_CLOEXEC) >= 0)
		n++;
	if (n > INOTIFY_LIMIT)
		return act_broken("more than %d watch descriptors", INOTIFY_LIMIT);
	return act_refused("%s after %d", strerrorname_np(errno), n);
}

/* clang-format off */
#define RLIMIT(id, resource, most, text) \
	{ "limit-" id, see_rlimit, text, "R12", 50, CONTROL_PLAIN, .nr = (resource), .args = { (most) } }

const struct act acts_limits[] = {
	RLIMIT("core", RLIMIT_CORE, 0, "leave core dumps"),
	RLIMIT("nofile", RLIMIT_NOFILE, 16384, "open more than 16,384 files"),
	RLIMIT("nproc", RLIMIT_NPROC, FORK_LIMIT, "have more than 4,096 processes by the resource limit"),
	RLIMIT("memlock", RLIMIT_MEMLOCK, 1 * MIB, "lock more than 1 MiB of memory"),
	RLIMIT("msgqueue", RLIMIT_MSGQUEUE, 128 * 1024, "fill more than 128 KiB of message queues"),
	RLIMIT("sigpending", RLIMIT_SIGPENDING, 8192, "queue more than 8,192 signals"),
	{ "limit-raise-core", try_raise, "raise the limit of core dumps", "R12", 50, CONTROL_PLAIN, .nr = RLIMIT_CORE },
	{ "limit-raise-nproc", try_raise, "raise the limit of processes", "R12", 50, CONTROL_NONE, .nr = RLIMIT_NPROC },
	{ "limit-raise-nofile", try_raise, "raise the limit of open files", "R12", 50, CONTROL_NONE, .nr = RLIMIT_NOFILE },
	{ "fork-bomb", try_forks, "have 4,096 processes at once", "R12", 50, CONTROL_PLAIN },
	{ "memory", try_memory, "fill 4.5 GiB of memory in one process", "R12", 50, CONTROL_PLAIN | CONTROL_KERNEL },
	{ "memory-files", try_memfds, "fill 4.5 GiB of files in memory", "R12", 50, CONTROL_PLAIN | CONTROL_KERNEL,
	  .needs = ACT_NEEDS_CGROUP },
	{ "memory-segments", try_shm, "have 4.5 GiB of shared segments", "R12", 50, CONTROL_PLAIN | CONTROL_KERNEL,
	  .needs = ACT_NEEDS_CGROUP },
	{ "tmp-size", see_size, "fill more than 2 GiB in /tmp", "R12", 50, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "/tmp", .args = { 2048 } },
	{ "tmp-inodes", see_inodes, "make more than a million files in /tmp", "R12", 50, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "/tmp", .args = { 1000000 } },
	{ "shm-size", see_size, "fill more than 2 GiB in /dev/shm", "R12", 50, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "/dev/shm", .args = { 2048 } },
	{ "shm-inodes", see_inodes, "make more than a million files in /dev/shm", "R12", 50, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "/dev/shm", .args = { 1000000 } },
	{ "inotify", try_inotify, "use up the user's watch descriptors", "R9 R12", 50, CONTROL_PLAIN | CONTROL_KERNEL },
	{ 0 },
};
/* clang-format on */
