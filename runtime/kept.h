/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_KEPT_H
#define IMMURE_RUNTIME_KEPT_H

/*
 * What runs of images wrote and what `immure run --keep` left: a folder of the store for each.
 *
 *   kept/ID/data    upper and work of the overlay (sandbox/overlay.h); ID is the run's
 *   kept/ID/record  flat: immure 1, image NAME, manifest DIGEST, ids one|range, name NAME, created
 *                   SECONDS, arg WORD for each word of the command
 *
 * It appears and goes by rename(2) from and to tmp/. flock(2) of kept/ID: exclusive while the run
 * goes on and while something is put in or taken away, shared while it is read; the locks end with
 * their process. What is in upper is the workload's: names, links, bytes, modes (R1).
 */

#include <stdbool.h>
#include <stdint.h>

#include "runtime/image_record.h"
#include "runtime/run_folder.h"
#include "runtime/store.h"
#include "sandbox/plan.h"

#define KEPT_FOLDER "kept"
#define KEPT_DATA "data"

struct kept_info {
	const char *image, *manifest; /* as it was named; its digest */
	const char *name;             /* of the run, or NULL */
	bool range;                   /* its files belong to a range of ids */
	uint64_t created;
	struct image_texts argv;
};

/* One that is locked. */
struct kept {
	int dir; /* -1: none */
	char id[RUN_ID_LEN];
	bool used; /* the program has run: it is never discarded */
};

#define KEPT_NONE         \
	{                 \
		.dir = -1 \
	}

/*
 * Make a new one, locked exclusively, whole or not at all.
 *
 *   id    of the run
 *   host  borrowed: who the files will belong to
 *   ret   KEPT_NONE before; ended by kept_close()
 */
must_check int kept_make(const char *id, const struct kept_info *info, const struct host *host,
			 struct kept *ret, struct err *err);

/* Its data folder by name, absolute, for the plan. */
must_check int kept_path(const char *id, struct arena *arena, const char **ret, struct err *err);

/* Take it away unless it was used: nothing but immure's own mount points is in it. */
void kept_discard(struct kept *kept);
void kept_close(struct kept *kept);
#define cleanup_kept cleanup(kept_close)

enum kept_lock {
	KEPT_READ,
	KEPT_CHANGE,
};

/*
 * Open one, by the id of its run, and lock it. Does not wait.
 *
 * Returns   0, -ENOENT, -EBUSY (its run goes on, or somebody else changes it), -errno.
 */
must_check int kept_open(const struct store *store, const char *id, enum kept_lock how,
			 struct kept *ret, struct err *err);

/* The folder of them all, made if it is missing. Its entries are ids of runs: see run_list(). */
must_check int kept_folder(const struct store *store, struct err *err);

/* The record of one; a lock is not needed, for it never changes. dir is of kept/ID. */
must_check int kept_read(int dir, struct arena *arena, struct kept_info *ret, struct err *err);

/* Does one of them lie on this image? Returns 0, 1 (ret_id says which), -errno. */
must_check int kept_on_image(const struct store *store, const char *manifest,
			     char ret_id[RUN_ID_LEN], struct err *err);

#endif
