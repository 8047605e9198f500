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

/* The status of a run whose record is sealed, or -EAGAIN (it goes on), -ENODATA (it was cut short).
 */
must_check int found_run_status(const struct found_run *found, struct err *err);

/*
 * The process that a sandbox began with, as the first record of the run's folder says; 0 if there
 * is none yet. It may have ended, and its number may be another's by now.
 */
pid_t found_run_first(int dir);

#endif
