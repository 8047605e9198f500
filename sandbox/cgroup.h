/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_CGROUP_H
#define IMMURE_SANDBOX_CGROUP_H

#include "base/err.h"
#include "sandbox/plan.h"

/* A cgroup of our own for one run. Zeroed but for dir = -1: none. */
struct cgroup {
	int parent;    /* descriptor of the folder it was made in */
	int dir;       /* descriptor of it, for CLONE_INTO_CGROUP */
	char name[80]; /* "immure-RUNID" */
};

/*
 * Make a child of plan->cgroup_dir and set the plan's limits in it. Folders of earlier runs that
 * are empty and whose run is over are removed on the way.
 *
 *   id   of the run, strict (text_is_id)
 *   ret  filled only on success; with cgroup_dir NULL it is "none"
 *
 * Source    Documentation/admin-guide/cgroup-v2.rst
 */
must_check int cgroup_make(const struct plan *plan, const char *id, struct cgroup *ret,
			   struct err *err);

/*
 * Let all processes inside stand still, or go on.
 *
 * Returns   0 once they do, -ENOTSUP (there is no cgroup, or no freezer: Linux 5.2), -EBUSY (one of
 *           them does not come to a stop; they go on).
 * Source    Documentation/admin-guide/cgroup-v2.rst, "cgroup.freeze"
 */
must_check int cgroup_freeze(const struct cgroup *cgroup, bool frozen);

/* Kill what is left inside and remove it. Errors are not reported: the next run tries again. */
void cgroup_remove(struct cgroup *cgroup);

#endif
