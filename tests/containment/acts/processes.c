// SPDX-License-Identifier: Apache-2.0
/* Other processes: seen, traced, read, signalled (classes 1, 38, 39). */
#include "act.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static enum outcome try_traceme(const struct act *act)
{
	(void)act;
	return act_reached(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static enum outcome try_ptrace(const struct act *act)
{
	int pid = act_child();

	return act_reached(syscall(SYS_ptrace, act->args[0], pid, 0, 0));
}

static enum outcome try_vm(const struct act *act)
{
	char here[8] = "";
	struct iovec local = { here, sizeof(here) };
	struct iovec remote = { here, sizeof(here) };
	int pid = act_child();

	return act_reached(syscall(act->nr, pid, &local, 1, &remote, 1, 0));
}

static enum outcome try_pidfd_getfd(const struct act *act)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, act_child(), 0);

	(void)act;
	if (fd < 0)
		return act_refused("pidfd_open: %s", strerrorname_np(errno));
	return act_reached(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static enum outcome try_kcmp(const struct act *act)
{
	(void)act;
	return act_reached(syscall(SYS_kcmp, getpid(), act_child(), KCMP_VM, 0, 0));
}

/* A process of the host, by the number that it has there. */
static int host_pid(void)
{
	const char *text = act_fact("pid");

	return text ? (int)strtol(text, NULL, 10) : -1;
}

static enum outcome try_kill(const struct act *act)
{
	int pid = host_pid();

	(void)act;
	if (pid < 0)
		return act_untried("no process was planted");
	if (kill(pid, 0) == 0)
		return act_broken("signalled process %d of the host", pid);
	return act_refused("%s", strerrorname_np(errno));
}

static enum outcome try_pidfd_open(const struct act *act)
{
	int pid = host_pid();

	(void)act;
	if (pid < 0)
		return act_untried("no process was planted");
	return act_opened((int)syscall(SYS_pidfd_open, pid, 0), "a pidfd of the host");
}

static enum outcome try_prlimit(const struct act *act)
{
	int pid = host_pid();
	struct rlimit old;

	(void)act;
	if (pid < 0)
		return act_untried("no process was planted");
	if (prlimit(pid, RLIMIT_NOFILE, NULL, &old) == 0)
		return act_broken("read a limit of process %d of the host", pid);
	return act_refused("%s", strerrorname_np(errno));
}

static enum outcome see_host(const struct act *act)
{
	int pid = host_pid();
	char path[64];

	if (pid < 0)
		return act_untried("no process was planted");
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, act->path);
	if (access(path, F_OK) == 0)
		return act_broken("%s is there", path);
	return act_refused("%s: %s", path, strerrorname_np(errno));
}

/* Every process in sight must be one of this program. */
static enum outcome see_others(const struct act *act)
{
	cleanup_closedir DIR *dir = opendir("/proc");
	int n = 0;

	(void)act;
	if (!dir)
		return act_untried("no /proc");
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char path[300];
		char comm[64];

		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (act_read(path, comm, sizeof(comm)) < 0)
			continue;
		n++;
		if (strcmp(comm, "acts\n") != 0)
			return act_broken("process %s is %s", e->d_name, comm);
	}
	return act_refused("%d processes, all ours", n);
}

static enum outcome see_runtime(const struct act *act)
{
	char target[256];
	ssize_t len = readlink("/proc/1/exe", target, sizeof(target) - 1);
	const char *base;

	(void)act;
	if (len < 0)
		return act_refused("/proc/1/exe: %s", strerrorname_np(errno));
	target[len] = '\0';
	base = strrchr(target, '/');
	if (strcmp(base ? base + 1 : target, "acts") == 0)
		return act_refused("process 1 is the workload itself");
	return act_broken("process 1 is %s", target);
}

static enum outcome write_runtime(const struct act *act)
{
	char comm[64];
	int fd;

	if (act_read("/proc/1/comm", comm, sizeof(comm)) > 0 && strcmp(comm, "acts\n") == 0)
		return act_refused("process 1 is the workload itself");
	fd = open(act->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ETXTBSY)
		return act_broken("%s: only busy, not protected", act->path);
	return act_opened(fd, act->path);
}

/* Through the magic link of process 1, the root and the environment that the runtime had. */
static enum outcome see_first(const struct act *act)
{
	const char *secret = act_fact("canary");
	char buf[4096];
	int len;

	if (!secret)
		return act_untried("nothing was planted");
	len = act_read(act->path, buf, sizeof(buf));
	if (len < 0)
		return act_refused("%s: %s", act->path, strerrorname_np(errno));
	if (memmem(buf, (size_t)len, secret, strlen(secret)))
		return act_broken("%s holds the environment outside", act->path);
	return act_refused("%s holds nothing from outside", act->path);
}

static enum outcome see_first_root(const struct act *act)
{
	const char *secret = act_fact("secret");
	char path[512];

	if (!secret)
		return act_untried("nothing was planted");
	snprintf(path, sizeof(path), "%s%s", act->path, secret);
	return act_opened(open(path, O_RDONLY | O_CLOEXEC), path);
}

/* In an own session: the first process of a fresh process namespace has session 0 until it asks. */
static enum outcome see_session(const struct act *act)
{
	(void)act;
	if (getsid(0) == 0)
		return act_broken("in a session of the host");
	return act_refused("session %d", getsid(0));
}

static enum outcome try_keyctl(const struct act *act)
{
	const unsigned long *a = act->args;
	long r = syscall(SYS_keyctl, act->nr, a[0], a[1], a[2], a[3]);

	/* It would be made: so much remains of a module's refusal on the way to it. */
	if (r < 0 && errno == ENOKEY)
		return act_refused("ENOKEY");
	return act_reached(r);
}

static enum outcome try_add_key(const struct act *act)
{
	(void)act;
	return act_reached(
		syscall(SYS_add_key, "user", "immure-test", "x", 1UL, KEY_SPEC_PROCESS_KEYRING));
}

static enum outcome try_request_key(const struct act *act)
{
	const char *name = act_fact("key");
	long r;

	(void)act;
	if (!name)
		return act_untried("no key was planted");
	r = syscall(SYS_request_key, "user", name, NULL, 0);
	if (r < 0)
		return act_refused("%s", strerrorname_np(errno));
	return act_broken("found key %ld of the host", r);
}

/* clang-format off */
#define FIRST_ROOT(id, prefix, text) \
	{ id, see_first_root, text, "R5 R6", 2, CONTROL_NONE, .path = prefix }

const struct act acts_processes[] = {
	{ "ptrace-traceme", try_traceme, "be traced", "R7", 39, CONTROL_PLAIN },
	{ "ptrace-attach", try_ptrace, "trace a process", "R7", 39, CONTROL_PLAIN, .args = { PTRACE_ATTACH } },
	{ "ptrace-seize", try_ptrace, "seize a process", "R7", 39, CONTROL_PLAIN, .args = { PTRACE_SEIZE } },
	{ "vm-read", try_vm, "process_vm_readv(2)", "R7", 39, CONTROL_PLAIN, .nr = SYS_process_vm_readv },
	{ "vm-write", try_vm, "process_vm_writev(2)", "R7", 39, CONTROL_PLAIN, .nr = SYS_process_vm_writev },
	{ "pidfd-getfd", try_pidfd_getfd, "take a descriptor of another process", "R7", 39, CONTROL_PLAIN },
	{ "kcmp", try_kcmp, "kcmp(2)", "R7", 39, CONTROL_PLAIN | CONTROL_KERNEL },
	{ "kill-host", try_kill, "signal a process of the host", "R5", 39, CONTROL_PLAIN },
	{ "pidfd-host", try_pidfd_open, "open a pidfd of a process of the host", "R5", 39, CONTROL_PLAIN },
	{ "prlimit-host", try_prlimit, "change the limits of a process of the host", "R5", 39, CONTROL_PLAIN },
	{ "proc-host", see_host, "see a process of the host", "R4", 39, CONTROL_PLAIN, .path = "cmdline" },
	{ "proc-others", see_others, "see a process that is not ours", "R4 R6", 1, CONTROL_PLAIN },
	{ "runtime-visible", see_runtime, "find the runtime as process 1", "R6", 1, CONTROL_NONE },
	{ "runtime-write", write_runtime, "open /proc/1/exe for writing", "R6", 1, CONTROL_NONE, .path = "/proc/1/exe" },
	{ "first-environ", see_first, "read the runtime's environment from /proc/1", "R5 R6", 2, CONTROL_NONE,
	  .path = "/proc/1/environ" },
	FIRST_ROOT("first-root", "/proc/1/root", "reach the host through /proc/1/root"),
	FIRST_ROOT("first-cwd", "/proc/1/cwd/../../../../../../../../..", "reach the host through /proc/1/cwd"),
	FIRST_ROOT("first-fd", "/proc/1/fd/3", "reach the host through a descriptor of process 1"),
	{ "session", see_session, "stay in a session of the host", "R5", 27, CONTROL_USERNS },
	{ "add-key", try_add_key, "add_key(2)", "R7", 38, CONTROL_PLAIN | CONTROL_KERNEL },
	{ "request-key", try_request_key, "find a key of the host by name", "R7", 38, CONTROL_PLAIN | CONTROL_KERNEL },
	{ "keyctl-session", try_keyctl, "get the session keyring", "R7", 38, CONTROL_PLAIN | CONTROL_KERNEL,
	  .nr = KEYCTL_GET_KEYRING_ID, .args = { (unsigned long)KEY_SPEC_SESSION_KEYRING, 1 } },
	{ "keyctl-user", try_keyctl, "get the user's keyring", "R7", 38, CONTROL_PLAIN | CONTROL_KERNEL,
	  .nr = KEYCTL_GET_KEYRING_ID, .args = { (unsigned long)KEY_SPEC_USER_KEYRING, 1 } },
	{ "keyctl-join", try_keyctl, "join a session keyring", "R7", 38, CONTROL_PLAIN | CONTROL_KERNEL,
	  .nr = KEYCTL_JOIN_SESSION_KEYRING },
	{ 0 },
};
/* clang-format on */
