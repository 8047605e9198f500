/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_ANON_H
#define IMMURE_RUNTIME_VOLUME_ANON_H

/* Volumes that a run made for itself: they go with its record, and only then. */

#include "runtime/run_folder.h"
#include "runtime/volume_use.h"

/* Write their names into the run's record. Nothing without any. */
must_check int volumes_note(const struct run_folder *folder, const struct volume_use *use,
			    struct err *err);

/*
 * Remove those that a run made for itself: those that its record names, and that say so.
 *
 *   run_dir  descriptor of the run's folder
 *
 * Returns   0: one that is gone, or that another run uses now, is no error; -errno.
 */
must_check int volumes_remove_of_run(int run_dir, const char *run_id, struct err *err);

#endif
