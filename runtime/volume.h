/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_H
#define IMMURE_RUNTIME_VOLUME_H

/*
 * Named volumes: folders that outlive runs, below dirs_data()/volumes, each of them 0700.
 *
 *   NAME/data    what a run sees
 *   NAME/new     what becomes data when it is complete; garbage unless NAME is locked for its maker
 *   NAME/record  flat: "created SECONDS"; "max-bytes N", "max-files N"; "label KEY=VALUE" for each
 *                label; "anonymous RUN" if a run made it for itself
 *
 * A volume appears and goes by rename(2) of its folder, from ".new-HEX" and to ".old-HEX", which
 * are garbage unless locked. flock(2) of NAME: shared by whoever uses it, exclusive to remove it.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "runtime/volume_quota.h"

#define VOLUME_TEMPORARY_LEN 24
#define VOLUME_NEW ".new-"
#define VOLUME_OLD ".old-"
#define VOLUME_STAGING "new"

enum volume_lock {
	VOLUME_SHARED,   /* waits for one that removes it */
	VOLUME_EXCLUSIVE /* does not wait: -EBUSY while it is in use */
};

/* The folder of all volumes, made if it is missing. */
must_check int volumes_open(struct err *err);

/*
 * Open and lock a volume; the lock ends with the descriptor.
 *
 * Returns   a descriptor of NAME, or -ENOENT, -EBUSY, -EINVAL (no name of a volume), -errno.
 */
must_check int volume_open(int volumes, const char *name, enum volume_lock how, struct err *err);

struct volume_new {
	struct span record; /* what its record holds besides time and limits; flat text */
	struct volume_limits limits;
};

/*
 * Make a volume, whole or not at all, and written to disk.
 *
 * Returns   0, -EEXIST, -EINVAL (no name of a volume), -EPERM, -ENOTSUP (its limits), -errno.
 */
must_check int volume_make(int volumes, const char *name, const struct volume_new *how,
			   struct err *err);

/* Put something into the new volume's data, before anybody sees it. */
typedef int (*volume_fill_fn)(int data, void *arg, struct err *err);

/* The same, with what fill puts into it: whole or not at all. */
must_check int volume_make_filled(int volumes, const char *name, const struct volume_new *how,
				  volume_fill_fn fill, void *arg, struct err *err);

/* A name that nothing has: VOLUME_NEW or VOLUME_OLD and 16 hexadecimal digits. */
must_check int volume_temporary(const char *prefix, char ret[VOLUME_TEMPORARY_LEN],
				struct err *err);

#endif
