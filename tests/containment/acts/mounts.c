// SPDX-License-Identifier: Apache-2.0
/* Mounts made, moved, changed and removed, by the old calls and the new (classes 30, 42, 48). */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* After linux/mount.h, whose names are macros there and an enum here. */
#define MS_RDONLY_BIT 1UL
#define MS_REMOUNT_BIT 32UL
#define MS_BIND_BIT 4096UL
#define MS_REC_BIT 16384UL
#define MS_SHARED_BIT (1UL << 20)

enum {
	NR_OPEN_TREE_ATTR = 467,
	NR_STATMOUNT = 457,
	NR_LISTMOUNT = 458
};

static long raw_mount(const char *source, const char *target, const char *type, unsigned long flags,
		      const char *data)
{
	return syscall(SYS_mount, source, target, type, flags, data);
}

/* Where a mount would be put: any folder that is there. */
static const char *mount_point(void)
{
	static const char *const choices[] = { "/tmp", "/dev/shm", "/etc", "/proc/self/fd" };

	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		if (access(choices[i], F_OK) == 0)
			return choices[i];
	}
	return "/";
}

static enum outcome try_mount(const struct act *act)
{
	return act_reached(raw_mount("none", mount_point(), act->path, 0, NULL));
}

static enum outcome try_overlay(const struct act *act)
{
	(void)act;
	return act_reached(raw_mount("none", mount_point(), "overlay", 0, "lowerdir=/etc:/dev"));
}

static enum outcome try_bind(const struct act *act)
{
	return act_reached(raw_mount(act->path, mount_point(), NULL, act->args[0], NULL));
}

static enum outcome try_change(const struct act *act)
{
	return act_reached(raw_mount(NULL, act->path, NULL, act->args[0], NULL));
}

/* Hiding a part of /proc only holds while the cover cannot be taken off. */
static enum outcome try_uncover(const struct act *act)
{
	long r = syscall(SYS_umount2, act->path, act->args[0]);

	if (r < 0 && errno == EINVAL)
		return act_untried("%s is no mount", act->path);
	return act_reached(r);
}

static enum outcome try_fsopen(const struct act *act)
{
	return act_reached(syscall(SYS_fsopen, act->path, 0));
}

static enum outcome try_fspick(const struct act *act)
{
	return act_reached(syscall(SYS_fspick, AT_FDCWD, act->path, 0));
}

static enum outcome try_open_tree(const struct act *act)
{
	return act_reached(syscall(act->nr, AT_FDCWD, "/", act->args[0], NULL, 0));
}

static enum outcome try_move_mount(const struct act *act)
{
	(void)act;
	return act_reached(syscall(SYS_move_mount, AT_FDCWD, "/proc", AT_FDCWD, mount_point(), 0));
}

static enum outcome try_mount_setattr(const struct act *act)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_NOEXEC };

	return act_reached(syscall(SYS_mount_setattr, AT_FDCWD, act->path, 0, &attr, sizeof(attr)));
}

static enum outcome try_pivot_root(const struct act *act)
{
	(void)act;
	return act_reached(syscall(SYS_pivot_root, "/", "/"));
}

static enum outcome try_chroot(const struct act *act)
{
	return act_reached(syscall(SYS_chroot, act->path));
}

/* One line of mountinfo at a time: its target and its options. */
static enum outcome each_mount(bool (*is_bad)(const char *target, const char *line))
{
	cleanup_fclose FILE *file = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	size_t cap = 0;
	int seen = 0;

	if (!file)
		return act_untried("cannot read mountinfo: %s", strerrorname_np(errno));
	while (getline(&line, &cap, file) > 0) {
		char target[256];

		if (sscanf(line, "%*d %*d %*s %*s %255s", target) != 1)
			continue;
		seen++;
		if (is_bad(target, line))
			return act_broken("%s", target);
	}
	return act_refused("%d mounts looked at", seen);
}

static bool is_suid(const char *target, const char *line)
{
	struct statvfs st;

	(void)line;
	return statvfs(target, &st) == 0 && !(st.f_flag & ST_NOSUID);
}

/* Single device files are bound from the host; everything else is a folder and nodev. */
static bool is_dev(const char *target, const char *line)
{
	struct statvfs st;
	struct stat node;

	(void)line;
	return stat(target, &node) == 0 && S_ISDIR(node.st_mode) && statvfs(target, &st) == 0 &&
	       !(st.f_flag & ST_NODEV) && strcmp(target, "/dev/pts") != 0;
}

static bool is_writable_exec(const char *target, const char *line)
{
	struct statvfs st;
	struct stat node;

	(void)line;
	return stat(target, &node) == 0 && S_ISDIR(node.st_mode) && statvfs(target, &st) == 0 &&
	       !(st.f_flag & (ST_NOEXEC | ST_RDONLY));
}

static bool is_shared(const char *target, const char *line)
{
	(void)target;
	return strstr(line, " shared:") != NULL;
}

static enum outcome see_suid(const struct act *act)
{
	(void)act;
	return each_mount(is_suid);
}

static enum outcome see_dev(const struct act *act)
{
	(void)act;
	return each_mount(is_dev);
}

static enum outcome see_writable_exec(const struct act *act)
{
	(void)act;
	return each_mount(is_writable_exec);
}

static enum outcome see_shared(const struct act *act)
{
	(void)act;
	return each_mount(is_shared);
}

/* Of the root of our own mount namespace, and right in every argument. */
static enum outcome try_mount_info(const struct act *act)
{
	struct {
		uint32_t size, spare;
		uint64_t mnt_id, param;
	} request = { .size = 24, .mnt_id = UINT64_MAX /* LSMT_ROOT */ };
	struct statx st = { 0 };
	char found[512];

	if (act->nr == NR_LISTMOUNT)
		return act_reached(syscall(act->nr, &request, found, 8, 0));
	if (statx(AT_FDCWD, "/", 0, 0x4000 /* STATX_MNT_ID_UNIQUE */, &st) < 0)
		return act_untried("statx: %s", strerrorname_np(errno));
	request.mnt_id = st.stx_mnt_id;
	request.param = 1; /* STATMOUNT_SB_BASIC */
	return act_reached(syscall(act->nr, &request, found, sizeof(found), 0));
}

/* clang-format off */
#define MOUNT(id, type, class, control, text) \
	{ "mount-" id, try_mount, text, "R7 R9", class, control, .path = type }

const struct act acts_mounts[] = {
	MOUNT("tmpfs", "tmpfs", 33, CONTROL_USERNS, "mount a tmpfs"),
	MOUNT("proc", "proc", 48, CONTROL_USERNS, "mount a second procfs, without the masks"),
	MOUNT("sysfs", "sysfs", 33, CONTROL_USERNS, "mount sysfs"),
	MOUNT("devpts", "devpts", 33, CONTROL_USERNS, "mount a devpts"),
	MOUNT("mqueue", "mqueue", 33, CONTROL_USERNS, "mount a message queue file system"),
	MOUNT("cgroup2", "cgroup2", 42, CONTROL_USERNS, "mount the cgroup 2 tree"),
	MOUNT("cgroup1", "cgroup", 42, CONTROL_USERNS | CONTROL_KERNEL, "mount a cgroup 1 tree, which has release_agent"),
	MOUNT("binfmt", "binfmt_misc", 43, CONTROL_USERNS | CONTROL_KERNEL, "mount binfmt_misc"),
	MOUNT("debugfs", "debugfs", 33, CONTROL_ROOT | CONTROL_KERNEL, "mount debugfs"),
	MOUNT("bpffs", "bpf", 40, CONTROL_USERNS | CONTROL_KERNEL, "mount a BPF file system"),
	{ "mount-overlay", try_overlay, "mount an overlay", "R7 R9", 33, CONTROL_USERNS | CONTROL_KERNEL },
	{ "mount-bind", try_bind, "bind a folder over another", "R2 R7", 33, CONTROL_USERNS,
	  .path = "/dev", .args = { MS_BIND_BIT | MS_REC_BIT } },
	{ "mount-move-root", try_bind, "bind the root onto a folder of its own", "R2 R7", 3, CONTROL_USERNS,
	  .path = "/", .args = { MS_BIND_BIT | MS_REC_BIT } },
	{ "remount-root-rw", try_change, "remount the root read-write", "R2 R7", 33, CONTROL_USERNS,
	  .path = "/", .args = { MS_REMOUNT_BIT | MS_BIND_BIT } },
	{ "remount-proc-rw", try_change, "remount /proc read-write", "R4 R7", 43, CONTROL_USERNS,
	  .path = "/proc", .args = { MS_REMOUNT_BIT | MS_BIND_BIT } },
	{ "remount-proc-sys-rw", try_change, "remount /proc/sys read-write", "R4 R7", 43, CONTROL_NONE,
	  .path = "/proc/sys", .args = { MS_REMOUNT_BIT | MS_BIND_BIT } },
	{ "mount-share-root", try_change, "make the root propagate mounts", "R2 R7", 33, CONTROL_USERNS,
	  .path = "/", .args = { MS_SHARED_BIT } },
	{ "umount-proc", try_uncover, "detach /proc", "R4 R7", 48, CONTROL_USERNS,
	  .path = "/proc", .args = { 2 /* MNT_DETACH */ } },
	{ "umount-proc-sys", try_uncover, "uncover /proc/sys", "R4 R7", 4, CONTROL_NONE,
	  .path = "/proc/sys", .args = { 2 } },
	{ "umount-proc-kcore", try_uncover, "uncover /proc/kcore", "R3 R4 R7", 4, CONTROL_NONE,
	  .path = "/proc/kcore", .args = { 2 } },
	{ "umount-root", try_uncover, "detach the root, to see what is below it", "R2 R7", 33, CONTROL_NONE,
	  .path = "/", .args = { 2 } },
	{ "fsopen", try_fsopen, "fsopen(2): a new file system context", "R7 R9", 30, CONTROL_USERNS, .path = "tmpfs" },
	{ "fsopen-proc", try_fsopen, "fsopen(2): a second procfs", "R7 R9", 48, CONTROL_USERNS, .path = "proc" },
	{ "fspick", try_fspick, "fspick(2): reconfigure /proc", "R7", 30, CONTROL_USERNS, .path = "/proc" },
	{ "fsconfig", act_call, "fsconfig(2)", "R7", 30, CONTROL_PLAIN, .nr = SYS_fsconfig, .args = { -1UL, -1UL } },
	{ "fsmount", act_call, "fsmount(2)", "R7", 30, CONTROL_USERNS, .nr = SYS_fsmount, .args = { -1UL } },
	{ "open-tree-clone", try_open_tree, "open_tree(2): a detached copy of the mounts", "R7 R9", 30, CONTROL_USERNS,
	  .nr = SYS_open_tree, .args = { OPEN_TREE_CLONE | 0x8000 /* AT_RECURSIVE */ } },
	{ "open-tree-attr", try_open_tree, "open_tree_attr(2): the same, with other flags", "R7 R9", 30,
	  CONTROL_USERNS | CONTROL_KERNEL, .nr = NR_OPEN_TREE_ATTR, .args = { OPEN_TREE_CLONE } },
	{ "move-mount", try_move_mount, "move_mount(2)", "R7 R9", 30, CONTROL_USERNS },
	{ "mount-setattr", try_mount_setattr, "mount_setattr(2): drop noexec", "R7 R9", 30, CONTROL_USERNS,
	  .path = "/proc" },
	{ "pivot-root", try_pivot_root, "pivot_root(2)", "R7 R9", 33, CONTROL_USERNS },
	{ "chroot", try_chroot, "chroot(2), the first half of the old way out", "R7 R8", 2, CONTROL_USERNS, .path = "/" },
	{ "statmount", try_mount_info, "statmount(2): what is mounted where", "R7", 30, CONTROL_PLAIN | CONTROL_KERNEL,
	  .nr = NR_STATMOUNT },
	{ "listmount", try_mount_info, "listmount(2)", "R7", 30, CONTROL_PLAIN | CONTROL_KERNEL, .nr = NR_LISTMOUNT },
	{ "mounts-suid", see_suid, "a mount without nosuid", "R2 R8", 15, CONTROL_PLAIN },
	{ "mounts-dev", see_dev, "a mount of a folder without nodev", "R2 R8", 14, CONTROL_PLAIN },
	{ "mounts-writable-exec", see_writable_exec, "a mount that is both writable and executable", "R2", 52, CONTROL_PLAIN },
	{ "mounts-shared", see_shared, "a mount that sends its changes to others", "R2", 33, CONTROL_NONE },
	{ 0 },
};
/* clang-format on */
