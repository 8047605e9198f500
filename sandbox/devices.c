/* SPDX-License-Identifier: Apache-2.0 */
/* A /dev of ours: six harmless nodes, links, a terminal instance, shared memory; then read-only. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "sandbox/steps.h"

#define DEV_BYTES ((uint64_t)64 << 10)
#define DEV_INODES 64
#define SHM_BYTES_DEFAULT ((uint64_t)64 << 20)
#define SHM_INODES 8192

/* Source: Documentation/admin-guide/devices.txt */
static const struct node {
	const char *name;
	const char *host;
	unsigned major, minor;
} nodes[] = {
	{ "null", "/dev/null", 1, 3 },       { "zero", "/dev/zero", 1, 5 },
	{ "full", "/dev/full", 1, 7 },       { "random", "/dev/random", 1, 8 },
	{ "urandom", "/dev/urandom", 1, 9 }, { "tty", "/dev/tty", 5, 0 },
};

static const struct {
	const char *name;
	const char *text;
} links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

/* Nodes cannot be made in a user namespace, so the host's are shown: after a look at what they are.
 */
static int bind_node(int dev, const struct node *node, struct err *err)
{
	struct stat st = { 0 };
	cleanup_close int source = open(node->host, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int target = -1;
	cleanup_close int tree = -1;
	int r;

	if (source < 0 || fstat(source, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", node->host);
	if (!S_ISCHR(st.st_mode) || major(st.st_rdev) != node->major ||
	    minor(st.st_rdev) != node->minor)
		return err_set(err, ENODEV, "%s is not the device it should be", node->host);
	target = openat(dev, node->name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0666);
	if (target < 0)
		return err_sys(err, errno, "cannot make /dev/%s", node->name);
	tree = tree_clone(source, "", false, err);
	if (tree < 0)
		return tree;
	r = tree_restrict(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false, err);
	if (r < 0)
		return r;
	return tree_attach(tree, target, err);
}

static int attach_at(int tree, int dev, const char *name, struct err *err)
{
	cleanup_close int target = -1;

	if (mkdirat(dev, name, 0755) < 0)
		return err_sys(err, errno, "cannot make /dev/%s", name);
	target = openat(dev, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(err, errno, "cannot open /dev/%s", name);
	return tree_attach(tree, target, err);
}

static int add_pts(const struct plan *plan, int dev, struct err *err)
{
	const char *label = plan->lsm.selinux_data;
	const char *const options[] = {
		"newinstance", NULL, "ptmxmode", "0666", "mode", "0620", label ? "context" : NULL,
		label,         NULL
	};
	cleanup_close int pts =
		fs_make("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);

	if (pts < 0)
		return pts;
	return attach_at(pts, dev, "pts", err);
}

static int add_shm(const struct plan *plan, int dev, struct err *err)
{
	uint64_t bytes = plan->limits.set & LIMIT_TMP ? plan->limits.tmp : SHM_BYTES_DEFAULT;
	cleanup_close int shm = tmpfs_make_labelled(
		bytes, SHM_INODES, 01777, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		plan->lsm.selinux_data, err);

	if (shm < 0)
		return shm;
	return attach_at(shm, dev, "shm", err);
}

int devices_apply(struct confine *c, struct err *err)
{
	cleanup_close int target = mount_point_open(c, "/dev", true, err);
	cleanup_close int dev = -1;
	int r;

	if (target < 0)
		return target;
	dev = tmpfs_make_labelled(DEV_BYTES, DEV_INODES, 0755,
				  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
				  c->plan->lsm.selinux_root, err);
	if (dev < 0)
		return dev;
	r = tree_attach(dev, target, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		r = bind_node(dev, &nodes[i], err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (symlinkat(links[i].text, dev, links[i].name) < 0)
			return err_sys(err, errno, "cannot make /dev/%s", links[i].name);
	}
	r = add_pts(c->plan, dev, err);
	if (r < 0)
		return r;
	r = add_shm(c->plan, dev, err);
	if (r < 0)
		return r;
	return tree_restrict(dev, MOUNT_ATTR_RDONLY, false, err);
}

/*
 * A terminal of the sandbox's own devpts, so that its name resolves inside. Master and slave come
 * from one descriptor (TIOCGPTPEER), never from a name in the root.
 */
int terminal_open(int root, const struct winsize *size, int *ret_master, struct err *err)
{
	cleanup_close int master = -1;
	cleanup_close int slave = -1;
	int unlocked = 0;

	master = openat(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (master < 0)
		return err_sys(err, errno, "cannot open a pseudo terminal");
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return err_sys(err, errno, "cannot unlock the pseudo terminal");
	if (ioctl(master, TIOCSWINSZ, size) < 0)
		return err_sys(err, errno, "cannot set the pseudo terminal's size");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(err, errno, "cannot open the pseudo terminal's other side");
	for (int fd = 0; fd <= 2; fd++) {
		if (dup2(slave, fd) < 0)
			return err_sys(err, errno, "cannot use the pseudo terminal");
	}
	*ret_master = steal_fd(master);
	return 0;
}

int terminal_apply(struct confine *c, struct err *err)
{
	return c->plan->tty ? terminal_open(c->root, &c->page->size, &c->page->pty, err) : 0;
}
