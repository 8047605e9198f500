/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts as descriptors: made detached, restricted while nobody can see them, attached by
 * descriptor (R2). Source: open_tree(2), mount_setattr(2), move_mount(2), fsopen(2).
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/steps.h"

int tree_clone(int fd, const char *path, bool recursive, struct err *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int tree;

	if (*path == '\0')
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= AT_RECURSIVE;
	tree = open_tree(fd, path, flags);
	if (tree < 0)
		return err_sys(err, errno, "cannot clone the mount of %s", *path ? path : "a path");
	return tree;
}

int fs_make(const char *type, const char *const *options, unsigned attr, struct err *err)
{
	cleanup_close int fs = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	if (fs < 0)
		return err_sys(err, errno, "cannot open a new %s", type);
	for (size_t i = 0; options && options[i]; i += 2) {
		unsigned how = options[i + 1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

		if (fsconfig(fs, how, options[i], options[i + 1], 0) < 0)
			return err_sys(err, errno, "%s does not take the option %s=%s", type,
				       options[i], options[i + 1] ? options[i + 1] : "");
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(err, errno, "cannot make a new %s", type);
	mount = fsmount(fs, FSMOUNT_CLOEXEC, attr);
	if (mount < 0)
		return err_sys(err, errno, "cannot mount a new %s", type);
	return mount;
}

int tree_restrict(int fd, uint64_t attr, bool recursive, struct err *err)
{
	struct mount_attr how = { .attr_set = attr, .propagation = MS_PRIVATE };
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	if (mount_setattr(fd, "", flags, &how, sizeof(how)) < 0)
		return err_sys(err, errno, "cannot restrict a mount");
	return 0;
}

int tree_attach(int tree, int target, struct err *err)
{
	if (move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(err, errno, "cannot attach a mount");
	return 0;
}

int tmpfs_make(uint64_t bytes, uint64_t inodes, unsigned mode, unsigned attr, struct err *err)
{
	return tmpfs_make_labelled(bytes, inodes, mode, attr, NULL, err);
}

int tmpfs_make_labelled(uint64_t bytes, uint64_t inodes, unsigned mode, unsigned attr,
			const char *label, struct err *err)
{
	char size[24];
	char count[24];
	char bits[8];
	const char *options[] = {
		"size", size, "nr_inodes", count, "mode", bits, label ? "context" : NULL,
		label,  NULL
	};

	snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);
	snprintf(count, sizeof(count), "%llu", (unsigned long long)inodes);
	snprintf(bits, sizeof(bits), "%o", mode & 07777);
	return fs_make("tmpfs", options, attr, err);
}

int scratch_attach(int scratch, struct err *err)
{
	cleanup_close int place = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (place < 0)
		return err_sys(err, errno, "cannot open /proc");
	return tree_attach(scratch, place, err);
}

int mask_sources_make(int scratch, struct err *err)
{
	cleanup_close int none = -1;

	if (mkdirat(scratch, "empty", 0) < 0)
		return err_sys(err, errno, "cannot make the folder that masks others");
	none = openat(scratch, "none", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0);
	if (none < 0)
		return err_sys(err, errno, "cannot make the file that masks others");
	return 0;
}

int mask_from(int scratch, int target, bool is_dir, struct err *err)
{
	cleanup_close int tree = tree_clone(scratch, is_dir ? "empty" : "none", false, err);

	if (tree < 0)
		return tree;
	return tree_attach(tree, target, err);
}

int mask_attach(const struct confine *c, int target, bool is_dir, struct err *err)
{
	return mask_from(c->scratch, target, is_dir, err);
}
