/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of a process that fills a new volume with what the image has at its place. It sees
 * the image as a run would, with the ids that a run has, and executes nothing.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/tree_copy.h"
#include "sandbox/steps.h"

#define NEW_MODE 0755 /* the folders around it are closed to others */

/* Nothing to copy: the volume is the workload's, where that is not the one id there is. */
static int own(const struct confine *c, struct err *err)
{
	const struct plan_ids *ids = &c->plan->ids;
	int to = c->plan->copy->to;

	if (ids->how != IDMAP_HELPER || (ids->uid == 0 && ids->gid == 0))
		return 0;
	if (fchown(to, ids->uid, ids->gid) < 0 || fchmod(to, NEW_MODE) < 0)
		return err_sys(err, errno, "cannot give a volume to user %u", ids->uid);
	c->page->copied = 1;
	return 0;
}

int copy_up_apply(struct confine *c, struct err *err)
{
	const struct plan_copy *copy = c->plan->copy;
	struct err absent = { 0 };
	cleanup_close int from = -1;
	int r;

	umask(0);
	if (c->root >= 0 && copy->from)
		from = path_open_in(c->root, copy->from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
				    RESOLVE_NO_SYMLINKS, &absent);
	if (c->root < 0 || !copy->from || from == -ENOENT || from == -ENOTDIR)
		return own(c, err);
	if (from < 0) {
		*err = absent;
		return from;
	}
	r = tree_copy(from, copy->to, err);
	if (r < 0)
		return err_wrap(err, "the image's %.100s", copy->from);
	c->page->copied = 1;
	return 0;
}
