/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_H
#define IMMURE_RUNTIME_VOLUME_H

/*
 * Named volumes: folders that outlive runs, below dirs_data()/volumes, each of them 0700.
 *
 *   NAME/data    what a run sees
 *   NAME/record  flat: "created SECONDS", "label KEY=VALUE" for each label
 *
 * A volume appears and goes by rename(2) of its folder, from ".new-HEX" and to ".old-HEX", which
 * are garbage unless locked. flock(2) of NAME: shared by whoever uses it, exclusive to remove it.
 */

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "sandbox/plan.h"

#define VOLUME_TEMPORARY_LEN 24
#define VOLUME_NEW ".new-"
#define VOLUME_OLD ".old-"

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

/*
 * Make a volume, whole or not at all, and written to disk.
 *
 *   record  what its record holds besides "created"; flat text
 *
 * Returns   0, -EEXIST, -EINVAL (no name of a volume), -errno.
 */
must_check int volume_make(int volumes, const char *name, struct span record, struct err *err);

/* Put something into the new volume's data, before anybody sees it. */
typedef int (*volume_fill_fn)(int data, void *arg, struct err *err);

/* The same, with what fill puts into it: whole or not at all. */
must_check int volume_make_filled(int volumes, const char *name, struct span record,
				  volume_fill_fn fill, void *arg, struct err *err);

/* A name that nothing has: VOLUME_NEW or VOLUME_OLD and 16 hexadecimal digits. */
must_check int volume_temporary(const char *prefix, char ret[VOLUME_TEMPORARY_LEN],
				struct err *err);

/* Descriptors that keep the volumes of a run from being removed. In the arena of the run. */
struct volume_locks {
	size_t n;
	int *fds;
};

/*
 * Give the mounts of a request that are named volumes the path of the volume's data as source.
 *
 *   make  make volumes that are not there; else -ENOENT
 *   ret   ended by volumes_release(), also after a failure
 */
must_check int volumes_use(struct plan_request *request, bool make, struct arena *arena,
			   struct volume_locks *ret, struct err *err);
void volumes_release(struct volume_locks *locks);

#endif
