// SPDX-License-Identifier: Apache-2.0
/* Capabilities, securebits, user and groups: nothing held, nothing to regain (class 17). */
#include "act.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOROOT_LOCKED (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED)

static enum outcome see_set(const struct act *act)
{
	long set = act_status(act->path, 16);

	if (set < 0)
		return act_untried("no %s in /proc/self/status", act->path);
	if (set == 0)
		return act_refused("the set is empty");
	return act_broken("%s %lx", act->path, (unsigned long)set);
}

static enum outcome see_securebits(const struct act *act)
{
	int bits = prctl(PR_GET_SECUREBITS);

	(void)act;
	if (bits < 0)
		return act_untried("PR_GET_SECUREBITS: %s", strerrorname_np(errno));
	if ((bits & NOROOT_LOCKED) == NOROOT_LOCKED)
		return act_refused("NOROOT is set and locked: 0x%x", (unsigned)bits);
	return act_broken("securebits 0x%x", (unsigned)bits);
}

static enum outcome see_new_privs(const struct act *act)
{
	int bit = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	(void)act;
	return bit == 1 ? act_refused("no_new_privs is set") : act_broken("no_new_privs is off");
}

static enum outcome see_seccomp(const struct act *act)
{
	long mode = act_status("Seccomp", 10);

	(void)act;
	if (mode < 0)
		return act_untried("no Seccomp in /proc/self/status");
	return mode == 2 ? act_refused("a filter is on") : act_broken("no filter: mode %ld", mode);
}

static enum outcome try_capset(const struct act *act)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 1U << CAP_SYS_CHROOT, 1U << CAP_SYS_CHROOT, 0 },
						  { 0, 0, 0 } };

	(void)act;
	return act_reached(syscall(SYS_capset, &head, data));
}

static enum outcome try_ambient(const struct act *act)
{
	(void)act;
	return act_reached(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_CHROOT, 0, 0));
}

static enum outcome see_root(const struct act *act)
{
	(void)act;
	return getuid() == 0 ? act_broken("uid 0") : act_refused("uid %u", (unsigned)getuid());
}

/* EINVAL: the id is not mapped, so the kernel refuses it whoever asks. */
static enum outcome try_setuid(const struct act *act)
{
	long r = syscall(act->nr, act->args[0], act->args[1], act->args[2]);

	if (r < 0 && errno == EINVAL)
		return act_refused("EINVAL: not mapped");
	return act_reached(r);
}

static enum outcome try_setgroups(const struct act *act)
{
	gid_t gid = 0;
	int r = setgroups(1, &gid);

	(void)act;
	if (r < 0 && errno == EINVAL)
		return act_refused("EINVAL: not mapped");
	return act_reached(r);
}

static enum outcome try_chown(const struct act *act)
{
	char path[64];
	int r;
	int e;

	(void)act;
	snprintf(path, sizeof(path), "/tmp/immure-own-%d", getpid());
	if (mkdir(path, 0700) < 0)
		return act_untried("%s: %s", path, strerrorname_np(errno));
	r = chown(path, 0, 0);
	e = errno;
	rmdir(path);
	errno = e;
	if (r < 0 && e == EINVAL)
		return act_refused("EINVAL: not mapped");
	return act_reached(r);
}

/* 65534 stands for a group of the host that is not mapped: it still opens doors there. */
static enum outcome see_groups(const struct act *act)
{
	gid_t groups[64];
	int n = getgroups((int)ARRAY_LEN(groups), groups);

	(void)act;
	if (n < 0)
		return act_untried("getgroups: %s", strerrorname_np(errno));
	for (int i = 0; i < n; i++) {
		if (groups[i] != getgid())
			return act_broken("in group %u as well", (unsigned)groups[i]);
	}
	return act_refused("no other group");
}

/* clang-format off */
#define SET(id, key, control, text) { "cap-" id, see_set, text, "R8", 17, control, .path = key }

const struct act acts_capabilities[] = {
	SET("effective", "CapEff", CONTROL_USERNS, "an effective capability"),
	SET("permitted", "CapPrm", CONTROL_USERNS, "a permitted capability"),
	SET("inheritable", "CapInh", CONTROL_USERNS, "an inheritable capability"),
	SET("ambient", "CapAmb", CONTROL_USERNS, "an ambient capability"),
	SET("bounding", "CapBnd", CONTROL_PLAIN, "a capability in the bounding set"),
	{ "cap-capset", try_capset, "take a capability", "R8", 17, CONTROL_USERNS },
	{ "cap-raise-ambient", try_ambient, "raise an ambient capability", "R8", 17, CONTROL_USERNS },
	{ "securebits", see_securebits, "uid 0 would get capabilities on exec", "R8", 17, CONTROL_PLAIN },
	{ "no-new-privs", see_new_privs, "exec may give privilege", "R8", 15, CONTROL_PLAIN },
	{ "seccomp-on", see_seccomp, "there is no filter", "R7", 30, CONTROL_PLAIN },
	{ "uid-zero", see_root, "be uid 0", "R8", 17, CONTROL_USERNS },
	{ "setuid-zero", try_setuid, "setuid(0)", "R8", 17, CONTROL_USERNS, .nr = SYS_setuid },
	{ "setresuid-zero", try_setuid, "setresuid(0, 0, 0)", "R8", 17, CONTROL_USERNS, .nr = SYS_setresuid },
	{ "setgid-zero", try_setuid, "setgid(0)", "R8", 17, CONTROL_USERNS, .nr = SYS_setgid },
	{ "setgroups-zero", try_setgroups, "join the group 0", "R8", 17, CONTROL_ROOT },
	{ "chown-zero", try_chown, "give a file to uid 0", "R8", 15, CONTROL_USERNS },
	{ "groups", see_groups, "keep a supplementary group of the host", "R5", 2, CONTROL_NONE },
	{ 0 },
};
/* clang-format on */
