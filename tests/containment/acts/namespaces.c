// SPDX-License-Identifier: Apache-2.0
/* New namespaces and those of others, by every call that makes or enters one (classes 31, 33). */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NS_GET_USERNS_CMD 0xb701U
#define NS_GET_PARENT_CMD 0xb702U

static enum outcome child_made(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, __WALL);
	if (pid < 0 && (errno == ENOSPC || errno == EUSERS))
		return act_refused("%s: the limit of namespaces", strerrorname_np(errno));
	return act_reached(pid);
}

static enum outcome try_unshare(const struct act *act)
{
	int r = unshare((int)act->nr);

	if (r < 0 && (errno == ENOSPC || errno == EUSERS))
		return act_refused("%s: the limit of namespaces", strerrorname_np(errno));
	return act_reached(r);
}

static enum outcome try_clone(const struct act *act)
{
	return child_made(syscall(SYS_clone, (unsigned long)act->nr | SIGCHLD, 0, 0, 0, 0));
}

static enum outcome try_clone3(const struct act *act)
{
	struct clone_args args = { .flags = (uint64_t)act->nr, .exit_signal = SIGCHLD };

	return child_made(syscall(SYS_clone3, &args, sizeof(args)));
}

static enum outcome try_setns(const struct act *act)
{
	cleanup_close int fd = open(act->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return act_refused("%s: %s", act->path, strerrorname_np(errno));
	return act_reached(setns(fd, (int)act->nr));
}

static enum outcome try_setns_pidfd(const struct act *act)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);

	if (fd < 0)
		return act_refused("pidfd_open: %s", strerrorname_np(errno));
	return act_reached(setns(fd, (int)act->nr));
}

static enum outcome try_ns_ioctl(const struct act *act)
{
	cleanup_close int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return act_refused("/proc/self/ns/uts: %s", strerrorname_np(errno));
	return act_reached(ioctl(fd, (unsigned long)act->nr));
}

/* Not a call but a fact: the second layer, which holds if the filter were wrong. */
static enum outcome read_limit(const struct act *act)
{
	char buf[32];
	long n;

	if (act_read(act->path, buf, sizeof(buf)) < 0)
		return errno == ENOENT ? act_untried("no %s", act->path)
				       : act_broken("cannot read %s", act->path);
	n = strtol(buf, NULL, 10);
	if (n == 0)
		return act_refused("the limit is 0");
	return act_broken("%ld namespaces may be made", n);
}

/* clang-format off */
#define UNSHARE(id, flag, control) \
	{ "unshare-" id, try_unshare, "unshare(2): a new " id " namespace", "R7 R9", 33, control, .nr = (flag) }
#define CLONE(id, flag) \
	{ "clone-" id, try_clone, "clone(2): a new " id " namespace", "R7 R9", 33, CONTROL_PLAIN, \
	  .nr = CLONE_NEWUSER | (flag) }
#define CLONE3(id, flag) \
	{ "clone3-" id, try_clone3, "clone3(2): a new " id " namespace, flags behind a pointer", "R7 R9", 31, \
	  CONTROL_PLAIN, .nr = CLONE_NEWUSER | (flag) }
#define SETNS(id, file, flag) \
	{ "setns-" id, try_setns, "setns(2): enter a " id " namespace", "R7", 33, CONTROL_USERNS, \
	  .path = "/proc/self/ns/" file, .nr = (flag) }
#define LIMIT(id) \
	{ "limit-ns-" id, read_limit, "the limit of " id " namespaces is 0, whatever the filter says", "R9", 33, \
	  CONTROL_PLAIN, .path = "/proc/sys/user/max_" id "_namespaces" }

const struct act acts_namespaces[] = {
	UNSHARE("user", CLONE_NEWUSER, CONTROL_PLAIN),
	UNSHARE("mnt", CLONE_NEWNS, CONTROL_USERNS),
	UNSHARE("pid", CLONE_NEWPID, CONTROL_USERNS),
	UNSHARE("net", CLONE_NEWNET, CONTROL_USERNS),
	UNSHARE("ipc", CLONE_NEWIPC, CONTROL_USERNS),
	UNSHARE("uts", CLONE_NEWUTS, CONTROL_USERNS),
	UNSHARE("cgroup", CLONE_NEWCGROUP, CONTROL_USERNS),
	UNSHARE("time", CLONE_NEWTIME, CONTROL_USERNS),
	CLONE("user", 0),
	CLONE("mnt", CLONE_NEWNS),
	CLONE("pid", CLONE_NEWPID),
	CLONE("net", CLONE_NEWNET),
	CLONE("ipc", CLONE_NEWIPC),
	CLONE("uts", CLONE_NEWUTS),
	CLONE("cgroup", CLONE_NEWCGROUP),
	{ "clone-user-high-bits", try_clone, "clone(2): a new user namespace, with high bits that the kernel drops", "R7",
	  29, CONTROL_PLAIN, .nr = CLONE_NEWUSER | (1L << 40) },
	CLONE3("user", 0),
	CLONE3("mnt", CLONE_NEWNS),
	CLONE3("pid", CLONE_NEWPID),
	CLONE3("net", CLONE_NEWNET),
	CLONE3("ipc", CLONE_NEWIPC),
	CLONE3("uts", CLONE_NEWUTS),
	CLONE3("cgroup", CLONE_NEWCGROUP),
	CLONE3("time", CLONE_NEWTIME),
	SETNS("mnt", "mnt", CLONE_NEWNS),
	SETNS("net", "net", CLONE_NEWNET),
	SETNS("ipc", "ipc", CLONE_NEWIPC),
	SETNS("uts", "uts", CLONE_NEWUTS),
	SETNS("cgroup", "cgroup", CLONE_NEWCGROUP),
	SETNS("pid", "pid_for_children", CLONE_NEWPID),
	SETNS("user", "user", CLONE_NEWUSER),
	{ "setns-pidfd", try_setns_pidfd, "setns(2): enter all namespaces of a process by its pidfd", "R7", 33,
	  CONTROL_USERNS, .nr = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC },
	{ "ns-owner", try_ns_ioctl, "get the user namespace that owns a namespace", "R7", 33, CONTROL_PLAIN,
	  .nr = NS_GET_USERNS_CMD },
	LIMIT("user"),
	LIMIT("mnt"),
	LIMIT("pid"),
	LIMIT("net"),
	LIMIT("ipc"),
	LIMIT("uts"),
	LIMIT("cgroup"),
	LIMIT("time"),
	{ 0 },
};
/* clang-format on */
