/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_LEARN_H
#define IMMURE_RUNTIME_RUN_LEARN_H

/* `immure run --learn FILE`: what is done for it before and after the run. */

#include "runtime/learn.h"
#include "runtime/run_folder.h"

/*
 * Check that FILE can be written and is not a policy that somebody wrote by hand, and prepare the
 * recording.
 *
 *   policy  the run's own
 *   arena   owns what *ret points to
 */
must_check int run_learn_prepare(const char *file, const struct bundle *policy, struct arena *arena,
				 struct learn *ret, struct err *err);

/* Write the record of this run into its folder. */
must_check int run_learn_record(const struct learn *learn, const struct run_folder *folder,
				struct err *err);

/*
 * Let immure-tool merge the run into FILE.
 *
 * Effects   one process, which is waited for; FILE and FILE.runs appear complete or not at all
 */
must_check int run_learn_write(const char *file, const struct run_folder *folder, struct err *err);

#endif
