/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_FIND_H
#define IMMURE_RUNTIME_RUN_FIND_H

#include "base/arena.h"
#include "base/err.h"
#include "runtime/run_folder.h"

/*
 * The ids of all runs, oldest first.
 *
 *   runs  descriptor of the folder of runs
 *   ret   array in arena
 *
 * Returns   how many there are, or -errno.
 */
must_check int run_list(int runs, struct arena *arena, const char ***ret, struct err *err);

/* A file of a run's folder: it was made by policy prove or why --bisect to try something. */
#define RUN_PROBE_MARK "probe"
bool run_is_probe(int runs, const char *id);

/*
 * Find one run: "last" or NULL for the one that ended last (probes aside), a whole id, or its
 * unique beginning or end.
 *
 * Returns   0, -ENOENT, -EINVAL (several fit; they are named).
 */
must_check int run_find(int runs, const char *which, struct arena *arena, const char **ret,
			struct err *err);

#endif
