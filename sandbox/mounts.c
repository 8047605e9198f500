/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan shows inside the new root: host views, volumes, empty tmpfs, links, masks. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/sys.h"
#include "sandbox/steps.h"

int mount_point_open(const struct confine *c, const char *path, bool is_dir, struct err *err)
{
	if (c->ours && is_dir)
		return path_make_dir_in(c->root, path, err);
	if (c->ours)
		return path_make_file_in(c->root, path, err);
	return path_open_in(c->root, path, O_PATH | O_NOFOLLOW | (is_dir ? O_DIRECTORY : 0),
			    RESOLVE_NO_SYMLINKS, err);
}

/* The source of a bind, opened in our own mount namespace: a clone needs that (open_tree(2)). */
static int open_source(const struct plan_mount *m, bool *ret_is_dir, struct err *err)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	struct stat st = { 0 };
	cleanup_close int fd = -1;

	if (m->flags & MOUNT_FLAG_VOLUME) {
		how.flags |= O_NOFOLLOW;
		how.resolve |= RESOLVE_NO_SYMLINKS;
	}
	fd = sys_openat2(AT_FDCWD, m->source, &how);
	if (fd < 0)
		return err_sys(err, -fd, "cannot open %s", m->source);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", m->source);
	if ((m->flags & MOUNT_FLAG_VOLUME) && (st.st_dev != m->dev || st.st_ino != m->ino))
		return err_set(err, ESTALE, "%s was exchanged for something else while starting",
			       m->source);
	*ret_is_dir = S_ISDIR(st.st_mode);
	return steal_fd(fd);
}

static int bind_tree(const struct confine *c, size_t index, bool *ret_is_dir, struct err *err)
{
	const struct plan_mount *m = &c->plan->mounts[index];
	uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	cleanup_close int source = -1;
	cleanup_close int tree = -1;
	int r;

	if (c->fds->mounts && c->fds->mounts[index] >= 0) {
		tree = fcntl(c->fds->mounts[index], F_DUPFD_CLOEXEC, 3);
		*ret_is_dir = m->is_dir;
	} else {
		source = open_source(m, ret_is_dir, err);
		if (source < 0)
			return source;
		tree = tree_clone(source, "", true, err);
	}
	if (tree < 0)
		return tree;
	if (m->flags & MOUNT_FLAG_RO)
		attr |= MOUNT_ATTR_RDONLY;
	else if (!(m->flags & MOUNT_FLAG_EXEC))
		attr |= MOUNT_ATTR_NOEXEC;
	r = tree_restrict(tree, attr, true, err);
	if (r < 0)
		return r;
	return steal_fd(tree);
}

static int mount_bind(const struct confine *c, size_t index, struct err *err)
{
	const struct plan_mount *m = &c->plan->mounts[index];
	bool is_dir = false;
	cleanup_close int target = -1;
	cleanup_close int tree = bind_tree(c, index, &is_dir, err);

	if (tree < 0)
		return tree;
	target = mount_point_open(c, m->target, is_dir, err);
	if (target < 0)
		return target;
	return tree_attach(tree, target, err);
}

static int mount_tmpfs(const struct confine *c, const struct plan_mount *m, struct err *err)
{
	unsigned attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	cleanup_close int target = mount_point_open(c, m->target, true, err);
	cleanup_close int tree = -1;

	if (target < 0)
		return target;
	if (!(m->flags & MOUNT_FLAG_EXEC))
		attr |= MOUNT_ATTR_NOEXEC;
	if (m->flags & MOUNT_FLAG_RO)
		attr |= MOUNT_ATTR_RDONLY;
	tree = tmpfs_make_labelled(m->size, m->inodes, m->mode, attr, c->plan->lsm.selinux_data,
				   err);
	if (tree < 0)
		return tree;
	return tree_attach(tree, target, err);
}

static int make_link(const struct confine *c, const struct plan_mount *m, struct err *err)
{
	/* Only in a root of ours, where the plan puts links at the top level. */
	if (symlinkat(m->source, c->root, m->target + 1) < 0)
		return err_sys(err, errno, "cannot make the link");
	return 0;
}

static int make_dir(const struct confine *c, const struct plan_mount *m, struct err *err)
{
	struct err absent = { 0 };
	int fd = path_open_in(c->root, m->target, O_PATH | O_DIRECTORY, 0, &absent);

	if (fd == -ENOENT && c->ours)
		fd = path_make_dir_in(c->root, m->target, err);
	else if (fd < 0)
		*err = absent;
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* What is there may be a link, or cannot be made: then the root's own way of it stays. */
static int make_text(const struct confine *c, size_t index, struct err *err)
{
	const struct plan_mount *m = &c->plan->mounts[index];
	cleanup_close int target = mount_point_open(c, m->target, false, err);
	cleanup_close int tree = -1;
	char name[32];
	int r;

	if (target == -ENOENT || target == -ELOOP || target == -ENOTDIR || target == -EROFS)
		return 0;
	if (target < 0)
		return target;
	snprintf(name, sizeof(name), "text%zu", index);
	tree = tree_clone(c->scratch, name, false, err);
	if (tree < 0)
		return tree;
	r = tree_restrict(
		tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		false, err);
	return r < 0 ? r : tree_attach(tree, target, err);
}

static int mount_one(const struct confine *c, size_t index, struct err *err)
{
	const struct plan_mount *m = &c->plan->mounts[index];

	switch (m->kind) {
	case MOUNT_BIND:
		return mount_bind(c, index, err);
	case MOUNT_TMPFS:
		return mount_tmpfs(c, m, err);
	case MOUNT_LINK:
		return make_link(c, m, err);
	case MOUNT_DIR:
		return make_dir(c, m, err);
	case MOUNT_TEXT:
		return make_text(c, index, err);
	case MOUNT_MASK:
		return 0; /* masks_apply(), when all else is there */
	}
	return err_set(err, EINVAL, "unknown kind of mount");
}

int mounts_apply(struct confine *c, struct err *err)
{
	for (size_t i = 0; i < c->plan->n_mounts; i++) {
		const struct plan_mount *m = &c->plan->mounts[i];
		int r = mount_one(c, i, err);

		if (r == -ENOENT && (m->flags & MOUNT_FLAG_OPTIONAL))
			continue;
		if (r < 0)
			return err_wrap(err, "%s", m->target);
	}
	return 0;
}

int masks_apply(struct confine *c, struct err *err)
{
	for (size_t i = 0; i < c->plan->n_mounts; i++) {
		const struct plan_mount *m = &c->plan->mounts[i];
		cleanup_close int target = -1;
		struct stat st = { 0 };
		int r;

		if (m->kind != MOUNT_MASK)
			continue;
		target = path_open_in(c->root, m->target, O_PATH, 0, err);
		if (target == -ENOENT)
			continue; /* nothing to hide */
		if (target < 0)
			return target;
		if (fstat(target, &st) < 0)
			return err_sys(err, errno, "cannot look at %s", m->target);
		r = mask_attach(c, target, S_ISDIR(st.st_mode), err);
		if (r < 0)
			return err_wrap(err, "mask of %s", m->target);
	}
	return 0;
}
