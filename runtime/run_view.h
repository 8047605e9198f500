/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_VIEW_H
#define IMMURE_RUNTIME_RUN_VIEW_H

/*
 * The root of a run as its program sees it, by descriptor: of one that goes on, or of what one that
 * has ended left (`immure run --keep`). All that is in it is hostile, and with a run that goes on
 * it changes while we look.
 */

#include "runtime/kept.h"
#include "runtime/run_image.h"
#include "sandbox/idmap.h"

struct run_view {
	const char *id;
	bool writable;
	/* One that goes on: */
	int root;   /* else -1 */
	int userns; /* -1 for root, whose rights are enough */
	/* One that was kept: */
	struct store store;
	struct kept kept;
	struct kept_info info;
	struct run_image image;
	struct arena *arena;
	/* The owner of new files, as root; for others it is whoever they are. */
	bool has_owner;
	uid_t uid;
	gid_t gid;
};

#define RUN_VIEW_NONE                                                               \
	{                                                                           \
		.root = -1, .userns = -1, .store = STORE_CLOSED, .kept = KEPT_NONE, \
		.image = RUN_IMAGE_NONE                                             \
	}

/*
 * Find a run and lock what it left.
 *
 *   which     name, id, part of an id, or "last"
 *   writable  something is to be put in
 *   ret       RUN_VIEW_NONE before; ended by run_view_close(), after failure too
 *
 * Returns   0, -ENOENT (no such run; it has ended, and nothing was kept), -EBUSY, -errno.
 */
must_check int run_view_open(const char *which, bool writable, struct arena *arena,
			     struct run_view *ret, struct err *err);
void run_view_close(struct run_view *view);
#define cleanup_run_view cleanup(run_view_close)

/*
 * Call a function with a descriptor of the root, where the ids of the run have an owner.
 *
 *   fn  may run in a child process, in other user and mount namespaces: paths mean nothing there,
 *       descriptors what they meant before; what it changes in memory is lost
 */
typedef int (*run_view_fn)(int root, void *data, struct err *err);
must_check int run_view_call(struct run_view *view, run_view_fn fn, void *data, struct err *err);

#endif
