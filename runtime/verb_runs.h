/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VERB_RUNS_H
#define IMMURE_RUNTIME_VERB_RUNS_H

/* What the verbs for detached runs share. */

#include "runtime/run_folder.h"
#include "runtime/verb.h"

struct found_run {
	int runs, dir; /* closed by found_run_close() */
	const char *id;
};

#define cleanup_found_run cleanup(found_run_close)

/* By name, id, part of an id, or "last". ret is set in any case. */
must_check int found_run_open(const char *which, struct arena *arena, struct found_run *ret,
			      struct err *err);
void found_run_close(struct found_run *found);

/*
 * Do something with each run that is named, and print its id, going on after a failure: the first
 * one is told at the end.
 *
 *   act     returns 0 or -errno; data is as given
 *   absent  what is done instead where there is no such run: sets *ret_id; NULL: that is an error
 */
typedef int (*run_act_fn)(const struct found_run *found, const void *data, struct err *err);
typedef int (*run_absent_fn)(const char *which, struct arena *arena, const char **ret_id,
			     struct err *err);
must_check int found_run_each(const struct verb_call *call, run_act_fn act, const void *data,
			      run_absent_fn absent, struct err *err);

/* The status of a run whose record is sealed, or -EAGAIN (it goes on), -ENODATA (it was cut short).
 */
must_check int found_run_status(const struct found_run *found, struct err *err);

/*
 * The process that a sandbox began with, as the first record of the run's folder says; 0 if there
 * is none yet. It may have ended, and its number may be another's by now.
 */
pid_t found_run_first(int dir);

#endif
