/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LIFE_H
#define IMMURE_RUNTIME_LIFE_H

/*
 * What is asked for a run beyond its sandbox: its labels, and what happens at its end. None of it
 * changes what the program may do (R11). life.json of the run's folder tells it to other verbs.
 */

#include "runtime/health.h"
#include "runtime/run_options.h"

#define LIFE_FILE "life.json"
#define LIFE_SHORT_MS 10000

enum restart_when {
	RESTART_NEVER,
	RESTART_ON_FAILURE, /* an exit status other than 0 */
	RESTART_ALWAYS,
};

struct life {
	const char *name; /* or NULL */
	size_t n_labels;
	const char *const *labels; /* "KEY=VALUE", each key once */
	bool remove;               /* nothing is kept at the end */
	enum restart_when restart;
	const char *restart_text; /* as it was typed; NULL: not at all */
	uint32_t restart_most;    /* so often; 0: without end */
	struct health_plan health;
};

/*
 * Check the options.
 *
 *   ret  borrows from options; arrays in arena
 *
 * Returns   0, or -EINVAL (stage ERR_USAGE; names option and value), -ENOMEM.
 */
must_check int life_make(const struct run_options *options, struct arena *arena, struct life *ret,
			 struct err *err);

/*
 * After an end by itself: is the program to be started again?
 *
 *   starts      how often it has been started
 *   short_ends  how often in a row it ran for less than LIFE_SHORT_MS
 *
 * Returns   milliseconds to wait before, growing from 100 to 60000 while it keeps ending soon; -1:
 *           it is not.
 */
int life_restart_wait(const struct life *life, int status, uint32_t starts, uint32_t short_ends);

/* True if there is something to tell in life.json. */
bool life_has_file(const struct run_options *options, const struct life *life);

/*
 * Append life.json.
 *
 *   argv  of `immure run`, as it was typed: for `immure generate`
 *   cwd   where; or NULL
 */
void life_json(const struct life *life, char *const argv[], const char *cwd, struct strbuf *out);

#endif
