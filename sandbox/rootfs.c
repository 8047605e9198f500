/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new root. Three shapes: a tmpfs of ours (host view), a directory as it is, or an overlay of
 * it, with an upper layer that is thrown away or kept. No name inside a foreign root is resolved
 * but below its descriptor, and no link in it is followed where a directory is needed (R1, R3).
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "sandbox/overlay.h"
#include "sandbox/steps.h"

#define ROOT_TMPFS_BYTES ((uint64_t)1 << 20)
#define ROOT_TMPFS_INODES 4096
#define SCRATCH_INODES 65536

/* The texts of the plan's MOUNT_TEXT: "text" and the number of the mount. */
static int make_text(const struct plan *plan, int scratch, struct err *err)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];
		cleanup_close int file = -1;
		char name[32];
		int r;

		if (m->kind != MOUNT_TEXT)
			continue;
		snprintf(name, sizeof(name), "text%zu", i);
		file = openat(scratch, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
		r = file < 0 ? -errno : fd_write_all(file, m->source, strlen(m->source));
		if (r < 0)
			return err_sys(err, -r, "cannot write the text of %s", m->target);
	}
	return 0;
}

/*
 * Everything that must lie somewhere but must not be seen inside lives in one tmpfs on the old
 * root's /proc; it goes away with it. Never on the old root itself: see pivot_apply(). The mask
 * sources are unreadable, and so is a way to change them: the clones made of them are read-only.
 */
int scratch_apply(struct confine *c, struct err *err)
{
	uint64_t bytes = c->plan->limits.set & LIMIT_TMP ? c->plan->limits.tmp : ROOT_TMPFS_BYTES;
	cleanup_close int scratch = tmpfs_make_labelled(bytes, SCRATCH_INODES, 0700,
							MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
							c->plan->lsm.selinux_root, err);
	int r;

	if (scratch < 0)
		return scratch;
	r = scratch_attach(scratch, err);
	if (r < 0)
		return err_wrap(err, "our private folder");

	r = mask_sources_make(scratch, err);
	if (r == 0)
		r = make_text(c->plan, scratch, err);
	if (r < 0)
		return r;
	c->scratch = steal_fd(scratch);
	return 0;
}

static int same_object(int fd, uint64_t dev, uint64_t ino, const char *path, struct err *err)
{
	struct stat st = { 0 };

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", path);
	if (st.st_dev != dev || st.st_ino != ino)
		return err_set(err, ESTALE, "%s was exchanged for something else while starting",
			       path);
	return 0;
}

/* A directory that the plan named, found to be the same, as a detached tree. */
static int clone_verified(const struct plan_layer *layer, struct err *err)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	cleanup_close int dir = sys_openat2(AT_FDCWD, layer->path, &how);
	int r;

	if (dir < 0)
		return err_sys(err, -dir, "cannot open the root %s", layer->path);
	r = same_object(dir, layer->dev, layer->ino, layer->path, err);
	return r < 0 ? r : tree_clone(dir, "", true, err);
}

/* A directory of the root, as a detached read-only tree. */
static int open_layer(const struct confine *c, size_t index, struct err *err)
{
	const struct plan_layer *layer = &c->plan->layers[index];
	uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY;
	cleanup_close int tree = -1;
	int r;

	if (c->page->root >= 0 && index == 0)
		tree = fcntl(c->page->root, F_DUPFD_CLOEXEC, 3);
	else if (c->fds->layers)
		tree = fcntl(c->fds->layers[index], F_DUPFD_CLOEXEC, 3);
	else
		tree = clone_verified(layer, err);
	if (tree < 0)
		return err_wrap(err, "root %s", layer->path);
	r = tree_restrict(tree, attr, true, err);
	return r < 0 ? r : steal_fd(tree);
}

/* The folder that holds what is written for good, as a detached tree; or -1 without one. */
static int open_kept(const struct confine *c, int *ret, struct err *err)
{
	const struct plan_layer *keep = &c->plan->keep;
	cleanup_close int tree = -1;
	int r;

	if (!keep->path)
		return 0;
	tree = c->fds->kept >= 0 ? fcntl(c->fds->kept, F_DUPFD_CLOEXEC, 3)
				 : clone_verified(keep, err);
	if (tree < 0)
		return err_wrap(err, "the kept layer %s", keep->path);
	r = tree_restrict(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false, err);
	if (r == 0)
		*ret = steal_fd(tree);
	return r;
}

/* An overlay over the trees: names can be made in it, and nothing reaches the directories. */
static int overlay_root(const struct confine *c, int lowest, struct err *err)
{
	cleanup_close int kept = -1;
	int r = overlay_attach(c->scratch, 0, lowest, err);

	for (size_t i = 1; r == 0 && i < c->plan->n_layers; i++) {
		cleanup_close int lower = open_layer(c, i, err);

		r = lower < 0 ? lower : overlay_attach(c->scratch, i, lower, err);
	}
	if (r == 0)
		r = open_kept(c, &kept, err);
	return r < 0 ? r
		     : overlay_make(c->scratch, c->plan->n_layers, kept, c->plan->lsm.selinux_root,
				    err);
}

/* True if every place where something is mounted is there already, as what it must be. */
static bool has_all_targets(const struct confine *c, int root)
{
	static const char *const own[] = { "/proc", "/dev" };
	struct err ignored = { 0 };
	int fd;

	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		fd = path_open_in(root, own[i], O_PATH | O_DIRECTORY | O_NOFOLLOW,
				  RESOLVE_NO_SYMLINKS, &ignored);
		if (fd < 0)
			return fd != -ENOENT; /* a link is refused later, not papered over */
		close(fd);
	}
	for (size_t i = 0; i < c->plan->n_mounts; i++) {
		const struct plan_mount *m = &c->plan->mounts[i];

		if (m->kind == MOUNT_MASK || m->kind == MOUNT_TEXT)
			continue;
		fd = path_open_in(root, m->target, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS,
				  &ignored);
		if (fd == -ENOENT && !(m->flags & MOUNT_FLAG_OPTIONAL))
			return false;
		if (fd >= 0)
			close(fd);
	}
	return true;
}

static int attach_root(struct confine *c, int root, struct err *err)
{
	cleanup_close int old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old_root < 0)
		return err_sys(err, errno, "cannot open /");
	r = tree_attach(root, old_root, err);
	if (r < 0)
		return err_wrap(err, "new root");
	c->root = root;
	return 0;
}

static int host_view(struct confine *c, struct err *err)
{
	cleanup_close int root = tmpfs_make_labelled(ROOT_TMPFS_BYTES, ROOT_TMPFS_INODES, 0755,
						     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
						     c->plan->lsm.selinux_root, err);
	int r;

	if (root < 0)
		return root;
	r = attach_root(c, root, err);
	if (r < 0)
		return r;
	c->ours = true;
	steal_fd(root);
	return 0;
}

int rootfs_apply(struct confine *c, struct err *err)
{
	cleanup_close int lower = -1;
	cleanup_close int root = -1;
	int r;

	if (c->plan->root_kind == ROOT_HOST) {
		r = host_view(c, err);
		return r < 0 ? r : tree_restrict(c->scratch, MOUNT_ATTR_RDONLY, false, err);
	}
	lower = open_layer(c, 0, err);
	if (lower < 0)
		return lower;
	if (c->plan->root_writable || c->plan->n_layers > 1 || c->plan->layers_hide ||
	    c->plan->lsm.selinux_root || !has_all_targets(c, lower)) {
		/* A label for all of it can only be given to a mount of its own. */
		root = overlay_root(c, lower, err);
		if (root < 0)
			return err_wrap(err, "overlay over %s", c->plan->root_dir);
		c->ours = true;
	} else {
		root = steal_fd(lower);
	}
	r = attach_root(c, root, err);
	if (r < 0)
		return r;
	steal_fd(root);
	return tree_restrict(c->scratch, MOUNT_ATTR_RDONLY, false, err);
}

/* Looking up ".." at the root crosses into whatever is mounted on it: that must be nothing. */
static int check_nothing_above(struct err *err)
{
	struct statx root = { 0 };
	struct statx above = { 0 };

	if (statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &root) < 0 ||
	    statx(AT_FDCWD, "/..", 0, STATX_INO | STATX_MNT_ID, &above) < 0)
		return err_sys(err, errno, "cannot look at the new root");
	if (root.stx_mnt_id != above.stx_mnt_id || root.stx_ino != above.stx_ino)
		return err_set(err, EXDEV, "the old root is still there");
	return 0;
}

/*
 * pivot_root(2) with "." twice puts the old root on top of the new one, where umount2(2) finds it,
 * for it takes what is topmost at a place.
 */
static int change_root(int root, struct err *err)
{
	int r;

	if (fchdir(root) < 0)
		return err_sys(err, errno, "cannot enter the new root");
	r = sys_pivot_root(".", ".");
	return r < 0 ? err_sys(err, -r, "cannot change the root") : 0;
}

int root_leave_old(struct err *err)
{
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(err, errno, "cannot leave the old root");
	return 0;
}

/* After this there is no way back to the host's tree. */
static int settle(struct err *err)
{
	if (chdir("/") < 0)
		return err_sys(err, errno, "cannot enter the new root");
	return check_nothing_above(err);
}

int root_pivot(int root, struct err *err)
{
	int r = change_root(root, err);

	if (r == 0)
		r = root_leave_old(err);
	return r < 0 ? r : settle(err);
}

int pivot_apply(struct confine *c, struct err *err)
{
	bool read_only = !(c->plan->root_kind != ROOT_HOST && c->plan->root_writable);
	int r = change_root(c->root, err);

	if (r < 0)
		return r;
	r = side_leave_old_root(c, err);
	if (r < 0)
		return r;
	if (c->ours && read_only) {
		r = tree_restrict(c->root, MOUNT_ATTR_RDONLY, false, err);
		if (r < 0)
			return r;
	}
	/* Kernel truth for the evidence, held open while the namespace lives. */
	c->page->mountinfo = openat(c->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (c->page->mountinfo < 0)
		return err_sys(err, errno, "cannot open mountinfo");
	return 0;
}

int settle_apply(struct confine *c, struct err *err)
{
	(void)c;
	return settle(err);
}
