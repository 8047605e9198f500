// SPDX-License-Identifier: Apache-2.0
/* Device nodes: made, found, opened (classes 4, 5, 14). */
#include "act.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *const dev_allowed[] = {
	"null", "zero", "full",  "random", "urandom", "tty",     "ptmx",   "pts",
	"shm",  "fd",   "stdin", "stdout", "stderr",  "console", "mqueue", "core",
};

static enum outcome try_mknod(const struct act *act)
{
	static const char *const folders[] = { "/tmp", "/dev/shm", "/vol", "." };

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/immure-node-%d", folders[i], getpid());
		if (mknod(path, (mode_t)act->nr | 0600, (dev_t)act->args[0]) == 0) {
			unlink(path);
			return act_broken("made %s", path);
		}
	}
	return act_refused("%s", strerrorname_np(errno));
}

static bool is_allowed(const char *name)
{
	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(dev_allowed); i++) {
		if (strcmp(name, dev_allowed[i]) == 0)
			return true;
	}
	return false;
}

static enum outcome see_dev(const struct act *act)
{
	cleanup_closedir DIR *dir = opendir(act->path);

	if (!dir)
		return act_untried("no %s", act->path);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (!is_allowed(e->d_name))
			return act_broken("%s/%s", act->path, e->d_name);
	}
	return act_refused("only the nodes that programs need");
}

static enum outcome see_disk(const struct act *act)
{
	cleanup_closedir DIR *dir = opendir(act->path);
	struct stat st;

	if (!dir)
		return act_untried("no %s", act->path);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (fstatat(dirfd(dir), e->d_name, &st, 0) == 0 && S_ISBLK(st.st_mode))
			return act_broken("%s/%s is a block device", act->path, e->d_name);
	}
	return act_refused("no block device");
}

static enum outcome try_open(const struct act *act)
{
	return act_opened(open(act->path, (int)act->nr | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
			  act->path);
}

static enum outcome try_create(const struct act *act)
{
	int fd = open(act->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0)
		unlink(act->path);
	return act_opened(fd, act->path);
}

/* A root may bring its own /dev/null, or a link in its place: what we get must be the kernel's. */
static enum outcome see_null(const struct act *act)
{
	struct stat st;

	if (lstat(act->path, &st) < 0)
		return act_untried("no %s", act->path);
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		return act_refused("%s is the kernel's", act->path);
	return act_broken("%s is something else: mode %o", act->path, st.st_mode);
}

/* Terminals of others: any name that is a number but the one we may have been given. */
static enum outcome see_pts(const struct act *act)
{
	cleanup_closedir DIR *dir = opendir(act->path);
	int n = 0;

	if (!dir)
		return act_refused("no %s", act->path);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += e->d_name[0] >= '0' && e->d_name[0] <= '9';
	if (n > 1)
		return act_broken("%d terminals", n);
	return act_refused("%d terminal", n);
}

/* clang-format off */
#define OPEN(id, file, mode, control, text) \
	{ "dev-" id, try_open, text, "R3", 14, control, .path = "/dev/" file, .nr = (mode) }

const struct act acts_devices[] = {
	{ "mknod-block", try_mknod, "make a disk node", "R7 R8", 14, CONTROL_ROOT, .nr = S_IFBLK, .args = { 0x700 } },
	{ "mknod-char", try_mknod, "make a node of physical memory", "R7 R8", 14, CONTROL_ROOT, .nr = S_IFCHR,
	  .args = { 0x101 } },
	{ "mknod-null", try_mknod, "make a node of the null device", "R7 R8", 14, CONTROL_ROOT, .nr = S_IFCHR,
	  .args = { 0x103 } },
	{ "dev-allow-list", see_dev, "any node in /dev that no program needs", "R3", 14, CONTROL_PLAIN, .path = "/dev" },
	{ "dev-disk", see_disk, "see a raw disk", "R3", 14, CONTROL_PLAIN | CONTROL_KERNEL, .path = "/dev" },
	OPEN("mem", "mem", O_RDONLY, CONTROL_ROOT | CONTROL_KERNEL, "open physical memory"),
	OPEN("port", "port", O_RDONLY, CONTROL_ROOT | CONTROL_KERNEL, "open the ports"),
	OPEN("kmsg", "kmsg", O_WRONLY, CONTROL_ROOT | CONTROL_KERNEL, "write the kernel's log"),
	OPEN("fuse", "fuse", O_RDWR, CONTROL_ROOT | CONTROL_KERNEL, "open FUSE"),
	OPEN("kvm", "kvm", O_RDWR, CONTROL_ROOT | CONTROL_KERNEL, "open the hypervisor"),
	OPEN("tun", "net/tun", O_RDWR, CONTROL_ROOT | CONTROL_KERNEL, "open the tunnel device"),
	OPEN("loop", "loop-control", O_RDWR, CONTROL_ROOT | CONTROL_KERNEL, "open the loop devices' control"),
	OPEN("userfaultfd", "userfaultfd", O_RDWR, CONTROL_ROOT | CONTROL_KERNEL, "open the page fault device"),
	OPEN("vsock", "vsock", O_RDONLY, CONTROL_ROOT | CONTROL_KERNEL, "open the way to the hypervisor"),
	OPEN("tty0", "tty0", O_RDWR, CONTROL_ROOT | CONTROL_KERNEL, "open the console's terminal"),
	{ "dev-create", try_create, "create a file in /dev", "R3", 5, CONTROL_ROOT, .path = "/dev/immure-new" },
	{ "dev-null", see_null, "/dev/null is not the kernel's", "R3", 4, CONTROL_NONE, .path = "/dev/null" },
	{ "dev-pts", see_pts, "see the terminals of others", "R3", 5, CONTROL_PLAIN, .path = "/dev/pts",
	  .needs = ACT_NEEDS_TTY },
	{ 0 },
};
/* clang-format on */
