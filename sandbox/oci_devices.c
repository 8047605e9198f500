/* SPDX-License-Identifier: Apache-2.0 */
/* /dev of a container: the default nodes, the bundle's, links, a terminal. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/path.h"
#include "sandbox/oci_steps.h"
#include "sandbox/steps.h"

/* Source: config-linux.md, "Default Devices"; Documentation/admin-guide/devices.txt */
static const struct oci_device defaults[] = {
	{ "/dev/null", 'c', 1, 3, 0666, 0, 0 },    { "/dev/zero", 'c', 1, 5, 0666, 0, 0 },
	{ "/dev/full", 'c', 1, 7, 0666, 0, 0 },    { "/dev/random", 'c', 1, 8, 0666, 0, 0 },
	{ "/dev/urandom", 'c', 1, 9, 0666, 0, 0 }, { "/dev/tty", 'c', 5, 0, 0666, 0, 0 },
};

static const struct {
	const char *name, *text;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

static mode_t kind_of(const struct oci_device *d)
{
	return d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool is_wanted(const struct oci_device *d, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == kind_of(d) &&
	       (d->type == 'p' || st->st_rdev == makedev(d->major, d->minor));
}

static int open_parent(int root, const char *path, const char **name, struct err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || strlen(path) >= sizeof(dir))
		return err_set(err, ENAMETOOLONG, "the path of a device is too long");
	memcpy(dir, path, (size_t)(slash - path) + 1);
	dir[slash == path ? 1 : slash - path] = '\0';
	*name = slash + 1;
	return oci_target_open(root, dir, true, false, err);
}

/* The host's node under the same name, after a look at what it is. */
static int bind_node(const struct oci_device *d, int parent, const char *name, struct err *err)
{
	cleanup_close int source = open(d->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int target = -1;
	cleanup_close int tree = -1;
	struct stat st = { 0 };

	if (source < 0 || fstat(source, &st) < 0)
		return err_sys(err, errno, "cannot look at the host's %s", d->path);
	if (!is_wanted(d, &st))
		return err_set(err, ENODEV, "the host's %s is not the device %c %u:%u", d->path,
			       d->type, d->major, d->minor);
	target = openat(parent, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0666);
	if (target < 0)
		return err_sys(err, errno, "cannot make %s", d->path);
	tree = tree_clone(source, "", false, err);
	if (tree < 0)
		return tree;
	return tree_attach(tree, target, err);
}

static int make_node(const struct oci_child *c, const struct oci_device *d, struct err *err)
{
	const char *name = NULL;
	cleanup_close int parent = open_parent(c->root, d->path, &name, err);
	struct stat st = { 0 };

	if (parent < 0)
		return parent;
	if (!name)
		return err_set(err, EINVAL, "%s is no path of a device", d->path);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (is_wanted(d, &st))
			return 0;
		return err_set(err, EEXIST, "%s is there and not the device it should be", d->path);
	}
	if (mknodat(parent, name, kind_of(d) | d->mode, makedev(d->major, d->minor)) < 0) {
		if (errno != EPERM || d->type == 'p')
			return err_sys(err, errno, "cannot make the device %s", d->path);
		return bind_node(d, parent, name, err);
	}
	if (fchmodat(parent, name, d->mode, 0) < 0 ||
	    fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot give %s its owner", d->path);
	return 0;
}

static int make_links(int dev, struct err *err)
{
	struct stat st = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (symlinkat(links[i].text, dev, links[i].name) < 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make /dev/%s", links[i].name);
	}
	if (fstatat(dev, "pts", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (symlinkat("pts/ptmx", dev, "ptmx") < 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make /dev/ptmx");
	return 0;
}

/* A bind of a whole /dev is the bundle's own affair: nothing is made in it. */
static bool is_foreign(const struct oci_plan *plan)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		if (strcmp(plan->mounts[i].target, "/dev") == 0)
			return plan->mounts[i].kind == OCI_MOUNT_BIND;
	}
	return false;
}

int oci_devices_apply(struct oci_child *c, struct err *err)
{
	cleanup_close int dev = -1;
	mode_t old;
	int r = 0;

	if (is_foreign(c->plan))
		return 0;
	dev = oci_target_open(c->root, "/dev", true, true, err);
	if (dev < 0)
		return dev;
	old = umask(0);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(defaults); i++)
		r = make_node(c, &defaults[i], err);
	for (size_t i = 0; r == 0 && i < c->plan->n_devices; i++)
		r = make_node(c, &c->plan->devices[i], err);
	umask(old);
	return r < 0 ? r : make_links(dev, err);
}

static int open_terminal(int root, int *master, struct err *err)
{
	int unlocked = 0;
	int slave;

	/* The container's own devpts; no link of the image's in the way (CVE-2025-52565). */
	*master = path_open_in(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS, err);
	if (*master < 0)
		return err_wrap(err, "pseudo terminal");
	if (ioctl(*master, TIOCSPTLCK, &unlocked) < 0)
		return err_sys(err, errno, "cannot unlock the pseudo terminal");
	slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(err, errno, "cannot open the pseudo terminal's other side");
	return slave;
}

/* /dev/console is the terminal; in a process of exec it is there already. */
static int show_console(const struct oci_child *c, int slave, struct err *err)
{
	cleanup_close int target = -1;
	cleanup_close int tree = -1;
	cleanup_close int dev = oci_target_open(c->root, "/dev", true, true, err);

	if (dev < 0)
		return dev;
	if (mknodat(dev, "console", S_IFREG | 0600, 0) < 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make /dev/console");
	target = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(err, errno, "cannot make /dev/console");
	tree = tree_clone(slave, "", false, err);
	if (tree < 0)
		return tree;
	return tree_attach(tree, target, err);
}

int oci_console_apply(struct oci_child *c, struct err *err)
{
	static const char name[] = "/dev/pts/0";
	const struct oci_process *process = c->process;
	struct winsize size = { .ws_row = process->rows, .ws_col = process->columns };
	cleanup_close int here = -1;
	cleanup_close int master = -1;
	cleanup_close int slave = -1;
	int r;

	if (!process->terminal)
		return 0;
	here = c->root >= 0 ? fcntl(c->root, F_DUPFD_CLOEXEC, 3)
			    : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	slave = open_terminal(here, &master, err);
	if (slave < 0)
		return slave;
	if (size.ws_row && size.ws_col && ioctl(master, TIOCSWINSZ, &size) < 0)
		return err_sys(err, errno, "cannot set the terminal's size");
	if (fchown(slave, process->uid, (gid_t)-1) < 0)
		return err_sys(err, errno, "cannot give the terminal to its user");
	r = oci_send_fd(c->fds->console, master, name, sizeof(name) - 1);
	if (r < 0)
		return err_sys(err, -r, "cannot hand over the terminal");
	if (c->root >= 0 && show_console(c, slave, err) < 0)
		return err_wrap(err, "console");
	for (int fd = 0; fd <= 2; fd++) {
		if (dup2(slave, fd) < 0)
			return err_sys(err, errno, "cannot use the pseudo terminal");
	}
	if (ioctl(0, TIOCSCTTY, 0) < 0)
		return err_sys(err, errno, "cannot make the pseudo terminal ours");
	return 0;
}
