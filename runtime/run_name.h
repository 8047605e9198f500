/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_NAME_H
#define IMMURE_RUNTIME_RUN_NAME_H

/* Names of runs: links in $XDG_STATE_HOME/immure/names, each to the id of a run. */

#include "base/arena.h"
#include "base/err.h"
#include "runtime/run_folder.h"

/*
 * Make the name this run's. One whose run has ended is taken over.
 *
 *   name  as text_is_id() has it
 *
 * Returns   0, -EEXIST (a live run has it), -errno.
 */
must_check int run_name_claim(const struct run_folder *folder, const char *name, struct err *err);

/* The id that a name stands for. Returns 0, or -ENOENT. */
must_check int run_name_find(const char *name, char ret[RUN_ID_LEN]);

/*
 * Let a run have this name and no other. One whose run has ended is taken over.
 *
 *   runs  the folder of runs
 *
 * Returns   0, -EEXIST (a live run has it), -EINVAL (it is no name), -errno.
 */
must_check int run_name_change(int runs, const char *id, const char *name, struct err *err);

/* The run is gone: what still stands for it, too. */
void run_name_drop(const char *id);

/* All names, and what they stand for; in arena. None where they cannot be read. */
struct run_names {
	size_t n;
	struct run_named {
		const char *name;
		char id[RUN_ID_LEN];
	} * items;
};
void run_names_read(struct arena *arena, struct run_names *ret);

/* The name that stands for a run, or NULL. */
const char *run_name_of(const struct run_names *names, const char *id);

#endif
