/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandbox/overlay.h"
#include "sandbox/steps.h"

#define SCRATCH_BYTES ((uint64_t)1 << 20)
#define SCRATCH_INODES 4096

/* A folder of the store, and what of it may be done; detached. */
static int open_tree_of(const char *path, uint64_t attr, struct err *err)
{
	cleanup_close int dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int tree = -1;
	int r;

	if (dir < 0)
		return err_sys(err, errno, "cannot open %s", path);
	tree = tree_clone(dir, "", true, err);
	if (tree < 0)
		return tree;
	r = tree_restrict(tree, attr | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true, err);
	return r < 0 ? r : steal_fd(tree);
}

static int attach_lower(int scratch, size_t index, const char *path, struct err *err)
{
	cleanup_close int tree = open_tree_of(path, MOUNT_ATTR_RDONLY, err);

	return tree < 0 ? tree : overlay_attach(scratch, index, tree, err);
}

static int make_scratch(struct err *err)
{
	cleanup_close int scratch = tmpfs_make(SCRATCH_BYTES, SCRATCH_INODES, 0700,
					       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	int r;

	if (scratch < 0)
		return scratch;
	r = scratch_attach(scratch, err);
	return r < 0 ? r : steal_fd(scratch);
}

int overlay_view_apply(const struct overlay_view *view, struct err *err)
{
	cleanup_close int scratch = -1;
	cleanup_close int kept = -1;
	size_t n = view->n_layers;
	int r = 0;

	if (n + 1 > PLAN_MAX_LAYERS)
		return err_set(err, E2BIG, "more than %d layers", PLAN_MAX_LAYERS - 1);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, errno, "cannot make a mount namespace");
	scratch = make_scratch(err);
	if (scratch < 0)
		return scratch;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = attach_lower(scratch, i, view->layers[i], err);
	if (r < 0)
		return r;
	if (view->writable) {
		kept = open_tree_of(view->kept, 0, err);
		return kept < 0 ? kept : overlay_make(scratch, n, kept, NULL, err);
	}
	r = attach_lower(scratch, n, view->upper, err);
	return r < 0 ? r : overlay_make(scratch, n + 1, -1, NULL, err);
}
