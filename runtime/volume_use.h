/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_USE_H
#define IMMURE_RUNTIME_VOLUME_USE_H

/*
 * The volumes of a run: those that it names, and those that it makes for itself (anonymous), which
 * are removed with the record of the run. A volume that is empty is filled when nobody uses it:
 * beside its folder, which is replaced when all is there, so that a kill leaves it empty or full.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "sandbox/plan.h"

/*
 * Fill an empty folder that is to become a volume's.
 *
 *   target  where the volume will be seen; NULL: nothing is to be copied
 *   to      descriptor of the folder
 *
 * Returns   1, 0 (there is nothing to do: the volume stays as it is), -errno.
 */
typedef int (*volume_copy_fn)(void *arg, const char *target, int to, struct err *err);

struct volume_how {
	bool make;          /* volumes that are not there; else -ENOENT */
	const char *run_id; /* noted in those that the run makes for itself */
	volume_copy_fn copy;
	void *arg;
};

/* What keeps the volumes of a run from being removed. In the arena of the run. */
struct volume_use {
	size_t n;
	int *fds;
	size_t n_anonymous;
	const char **anonymous; /* names */
};

/*
 * Give the mounts of a request that are volumes the path of the volume's data as source. Without
 * `make`, those that the run would make for itself stay as they are.
 *
 *   ret  ended by volumes_release() or volumes_drop(), also after a failure
 */
must_check int volumes_use(struct plan_request *request, const struct volume_how *how,
			   struct arena *arena, struct volume_use *ret, struct err *err);
void volumes_release(struct volume_use *use);

/* The launch failed: release them, and remove those that it made for itself. */
void volumes_drop(struct volume_use *use);

#endif
