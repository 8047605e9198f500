/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_NAME_H
#define IMMURE_RUNTIME_RUN_NAME_H

/* Names of detached runs: links in $XDG_STATE_HOME/immure/names, each to the id of a run. */

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

/* The run is gone: its name, too, if it still stands for it. */
void run_name_drop(const char *name, const char *id);

#endif
