/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's file tree. Everything of the host comes as a detached tree that the creator
 * opened (R1, R2); every place to mount on is opened below the root's descriptor, where no link
 * leads out (R3).
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/path.h"
#include "sandbox/oci_open.h"
#include "sandbox/oci_steps.h"
#include "sandbox/steps.h"

#define SCRATCH_BYTES ((uint64_t)64 << 10)
#define SCRATCH_INODES 16
#define LINKS_MAX 32

/* A file system whose place may never be chosen by a link of the image. */
static bool is_strict(const struct oci_mount *m)
{
	static const char *const types[] = { "proc", "sysfs", "devpts", "mqueue" };

	if (m->kind == OCI_MOUNT_CGROUP)
		return true;
	for (size_t i = 0; m->kind == OCI_MOUNT_FS && i < ARRAY_LEN(types); i++) {
		if (strcmp(m->type, types[i]) == 0)
			return true;
	}
	return strncmp(m->target, "/proc/", 6) == 0;
}

static int open_existing(int root, const char *path, bool strict, struct err *err)
{
	return path_open_in(root, path, O_PATH | (strict ? O_NOFOLLOW : 0),
			    strict ? RESOLVE_NO_SYMLINKS : 0, err);
}

static int make_in(int parent, const char *name, bool is_dir)
{
	cleanup_close int file = -1;

	if (is_dir)
		return mkdirat(parent, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
	file = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	return file < 0 && errno != EEXIST ? -errno : 0;
}

static int make_target(int root, const char *path, bool is_dir, int links, struct err *err);

/* A link to nothing: what it points to is what must be made. Absolute means inside the root. */
static int follow_dangling(int root, const char *path, const char *text, bool is_dir, int links,
			   struct err *err)
{
	char joined[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = text[0] == '/' ? 0 : (size_t)(slash - path) + 1;

	if (links == 0)
		return err_set(err, ELOOP, "%s: too many links", path);
	if (n + strlen(text) >= sizeof(joined))
		return err_set(err, ENAMETOOLONG, "%s: a link is too long", path);
	memcpy(joined, path, n);
	memcpy(joined + n, text, strlen(text) + 1);
	return make_target(root, joined, is_dir, links - 1, err);
}

/* Parents first; each step is one name below a descriptor. */
static int make_target(int root, const char *path, bool is_dir, int links, struct err *err)
{
	struct err missing = { 0 };
	cleanup_close int there = path_open_in(root, path, O_PATH, 0, &missing);
	cleanup_close int parent = -1;
	char dir[PATH_MAX];
	char text[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	ssize_t n;
	int r;

	if (there >= 0)
		return steal_fd(there);
	if (there != -ENOENT || !slash || !*name || strcmp(name, "..") == 0 ||
	    strlen(path) >= sizeof(dir)) {
		*err = missing;
		return -err->code;
	}
	memcpy(dir, path, (size_t)(slash - path) + 1);
	dir[slash == path ? 1 : slash - path] = '\0';
	parent = make_target(root, dir, true, links, err);
	if (parent < 0)
		return parent;
	n = readlinkat(parent, name, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		return follow_dangling(root, path, text, is_dir, links, err);
	}
	r = make_in(parent, name, is_dir);
	if (r < 0)
		return err_sys(err, -r, "cannot make %s inside the root", path);
	there = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (there < 0)
		return err_sys(err, errno, "cannot open %s inside the root", path);
	return steal_fd(there);
}

static int check_kind(int fd, const char *path, bool is_dir, struct err *err)
{
	struct stat st = { 0 };

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at %s inside the root", path);
	if (S_ISLNK(st.st_mode))
		return err_set(err, ELOOP, "%s is a link inside the root", path);
	if (S_ISDIR(st.st_mode) != is_dir)
		return err_set(err, ENOTDIR, "%s is %s inside the root, and the source is %s", path,
			       is_dir ? "no directory" : "a directory", is_dir ? "one" : "none");
	return 0;
}

/* A link of the image must not put a volume over the kernel's files (CVE-2025-52881). */
static int check_not_procfs(int fd, const char *path, struct err *err)
{
	struct statfs fs = { 0 };

	if (strncmp(path, "/proc", 5) == 0)
		return 0;
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "cannot look at %s inside the root", path);
	if (fs.f_type == PROC_SUPER_MAGIC)
		return err_set(err, EXDEV, "%s leads into /proc by a link", path);
	return 0;
}

int oci_target_open(int root, const char *path, bool is_dir, bool strict, struct err *err)
{
	cleanup_close int fd = open_existing(root, path, strict, err);
	int r;

	if (fd == -ENOENT)
		fd = strict ? (is_dir ? path_make_dir_in(root, path, err)
				      : path_make_file_in(root, path, err))
			    : make_target(root, path, is_dir, LINKS_MAX, err);
	if (fd < 0)
		return fd;
	r = check_kind(fd, path, is_dir, err);
	if (r == 0)
		r = check_not_procfs(fd, path, err);
	return r < 0 ? r : steal_fd(fd);
}

/* Our private tmpfs on the old root's /proc: where masks come from. It goes with the old root. */
static int make_scratch(struct oci_child *c, struct err *err)
{
	cleanup_close int scratch = tmpfs_make(SCRATCH_BYTES, SCRATCH_INODES, 0700,
					       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	cleanup_close int place = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (scratch < 0)
		return scratch;
	if (place < 0)
		return err_sys(err, errno, "cannot open /proc");
	r = tree_attach(scratch, place, err);
	if (r < 0)
		return err_wrap(err, "our private folder");
	r = mask_sources_make(scratch, err);
	if (r == 0)
		r = tree_restrict(scratch, MOUNT_ATTR_RDONLY, false, err);
	if (r < 0)
		return r;
	c->scratch = steal_fd(scratch);
	return 0;
}

/*
 * An ordinary user may clone mounts only as root of the new user namespace: then the creator left
 * it to us. Nothing of the container runs yet.
 */
int oci_sources_apply(struct oci_child *c, struct err *err)
{
	int r;

	if (c->fds->root >= 0)
		return 0;
	c->own = *c->fds;
	r = oci_open_all(c->plan, -1, &c->arena, &c->own, err);
	c->fds = &c->own;
	return r;
}

/* Nothing that happens below spreads to the host, whatever the bundle wants afterwards. */
int oci_root_apply(struct oci_child *c, struct err *err)
{
	unsigned spread = c->plan->root_propagation;
	cleanup_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mount_attr tree = { .propagation = MS_PRIVATE };

	if (old < 0)
		return err_sys(err, errno, "cannot open /");
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_sys(err, errno, "cannot stop mounts from spreading");
	if (spread & (MS_SHARED | MS_SLAVE))
		tree.propagation = MS_SLAVE;
	if (mount_setattr(c->fds->root, "", AT_EMPTY_PATH | AT_RECURSIVE, &tree, sizeof(tree)) < 0)
		return err_sys(err, errno, "cannot stop mounts of the root from spreading");
	if (tree_attach(c->fds->root, old, err) < 0)
		return err_wrap(err, "root %s", c->plan->root);
	c->root = c->fds->root;
	return make_scratch(c, err);
}

#define FS_OPTIONS_MAX 64

/* The source is what mountinfo shows; a label of SELinux is one more option. */
static int fs_of(const struct oci_child *c, const struct oci_mount *m, struct err *err)
{
	const char *options[2 * FS_OPTIONS_MAX + 5] = { "source", m->source };
	const char *label = c->plan->mount_label;
	bool has_label =
		label && *label && strcmp(m->type, "proc") != 0 && strcmp(m->type, "sysfs") != 0;
	size_t n = 2;
	int tree;

	for (size_t i = 0; m->options[i]; i += 2) {
		if (n >= (size_t)2 * FS_OPTIONS_MAX)
			return err_set(err, E2BIG, "%s: more than %d options", m->target,
				       FS_OPTIONS_MAX);
		options[n++] = m->options[i];
		options[n++] = m->options[i + 1];
	}
	if (has_label) {
		options[n++] = "context";
		options[n++] = label;
	}
	tree = fs_make(m->type, options, (unsigned)(m->set | m->set_all), err);
	return tree < 0 ? err_wrap(err, "%s", m->target) : tree;
}

/*
 * The container's own part of the tree: a new view where it has a cgroup namespace, else the
 * creator's clone of its folder; with neither, an empty folder. Control files stay read-only under
 * the floor (CVE-2023-25809, CVE-2022-0492).
 */
static int cgroup_of(const struct oci_child *c, const struct oci_mount *m, struct err *err)
{
	uint64_t attr = m->set | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	struct err ignored = { 0 };
	cleanup_close int tree = -1;

	if (c->plan->floor)
		attr |= MOUNT_ATTR_RDONLY;
	if (c->fds->cgroup_tree >= 0 && c->plan->ns[OCI_NS_CGROUP].asked) {
		tree = fs_make("cgroup2", NULL, (unsigned)attr, &ignored);
		if (tree >= 0)
			return steal_fd(tree);
	}
	if (c->fds->cgroup_tree < 0)
		return tmpfs_make(4096, 4, 0755, (unsigned)(attr | MOUNT_ATTR_RDONLY), err);
	tree = tree_clone(c->fds->cgroup_tree, "", true, &ignored);
	if (tree < 0) /* a detached tree cannot be cloned before Linux 6.15: it is used up */
		tree = fcntl(c->fds->cgroup_tree, F_DUPFD_CLOEXEC, 3);
	if (tree < 0)
		return err_sys(err, errno, "cannot show the cgroup");
	if (tree_restrict(tree, attr, true, err) < 0)
		return err_wrap(err, "cgroup");
	return steal_fd(tree);
}

static int spread(int tree, const struct oci_mount *m, struct err *err)
{
	struct mount_attr how = { .propagation = m->propagation };
	unsigned flags = AT_EMPTY_PATH | (m->propagate_all ? AT_RECURSIVE : 0);

	if (m->propagation && mount_setattr(tree, "", flags, &how, sizeof(how)) < 0)
		return err_sys(err, errno, "%s: cannot set the propagation", m->target);
	return 0;
}

static int mount_one(struct oci_child *c, size_t i, struct err *err)
{
	const struct oci_mount *m = &c->plan->mounts[i];
	cleanup_close int made = -1;
	cleanup_close int target = -1;
	struct stat st = { .st_mode = S_IFDIR };
	int tree = c->fds->mounts[i];
	int r;

	if (m->kind == OCI_MOUNT_BIND) {
		if (fstat(tree, &st) < 0)
			return err_sys(err, errno, "cannot look at %s", m->source);
	} else {
		made = m->kind == OCI_MOUNT_CGROUP ? cgroup_of(c, m, err) : fs_of(c, m, err);
		if (made < 0)
			return made;
		tree = made;
	}
	target = oci_target_open(c->root, m->target, S_ISDIR(st.st_mode), is_strict(m), err);
	if (target < 0)
		return err_wrap(err, "mount point");
	if (m->copy_up) {
		r = oci_copy_tree(target, tree, err);
		if (r < 0)
			return err_wrap(err, "%s", m->target);
	}
	r = tree_attach(tree, target, err);
	if (r < 0)
		return err_wrap(err, "%s", m->target);
	return m->kind == OCI_MOUNT_BIND ? 0 : spread(tree, m, err);
}

int oci_mounts_apply(struct oci_child *c, struct err *err)
{
	for (size_t i = 0; i < c->plan->n_mounts; i++) {
		int r = mount_one(c, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A path that is not there needs no mask. */
static int open_masked(const struct oci_child *c, const char *path, struct stat *st,
		       struct err *err)
{
	cleanup_close int fd = path_open_in(c->root, path, O_PATH | O_NOFOLLOW, 0, err);

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES ? -ENOENT : fd;
	if (fstat(fd, st) < 0)
		return err_sys(err, errno, "cannot look at %s", path);
	return S_ISLNK(st->st_mode) ? -ENOENT : steal_fd(fd);
}

static int mask(const struct oci_child *c, const char *path, struct err *err)
{
	struct stat st = { 0 };
	cleanup_close int target = open_masked(c, path, &st, err);

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	if (mask_from(c->scratch, target, S_ISDIR(st.st_mode), err) < 0)
		return err_wrap(err, "cannot mask %s", path);
	return 0;
}

static int make_readonly(const struct oci_child *c, const char *path, struct err *err)
{
	struct stat st = { 0 };
	cleanup_close int target = open_masked(c, path, &st, err);
	cleanup_close int tree = -1;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	tree = tree_clone(target, "", true, err);
	if (tree < 0 || tree_restrict(tree, MOUNT_ATTR_RDONLY, true, err) < 0 ||
	    tree_attach(tree, target, err) < 0)
		return err_wrap(err, "cannot make %s read-only", path);
	return 0;
}

int oci_masks_apply(struct oci_child *c, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->plan->n_readonly; i++)
		r = make_readonly(c, c->plan->readonly[i], err);
	for (size_t i = 0; r == 0 && i < c->plan->n_masked; i++)
		r = mask(c, c->plan->masked[i], err);
	return r;
}

int oci_pivot_apply(struct oci_child *c, struct err *err)
{
	struct mount_attr plain = { .attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID };
	unsigned spread_root = c->plan->root_propagation;
	int r = root_pivot(c->root, err);

	if (r < 0)
		return r;
	closep(&c->scratch);
	if (c->plan->root_readonly) {
		r = tree_restrict(c->root, MOUNT_ATTR_RDONLY, false, err);
		if (r < 0)
			return err_wrap(err, "read-only root");
	}
	if (c->plan->policy && mount_setattr(c->root, "", AT_EMPTY_PATH, &plain, sizeof(plain)) < 0)
		return err_sys(err, errno, "cannot restrict the root");
	if (spread_root && mount(NULL, "/", NULL, spread_root, NULL) < 0)
		return err_sys(err, errno, "cannot set rootfsPropagation");
	return 0;
}
