/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LIFE_H
#define IMMURE_RUNTIME_LIFE_H

/*
 * What is asked for a run beyond its sandbox: its labels, and what happens at its end. None of it
 * changes what the program may do (R11). life.json of the run's folder tells it to other verbs.
 */

#include "runtime/run_options.h"

#define LIFE_FILE "life.json"

struct life {
	const char *name; /* or NULL */
	size_t n_labels;
	const char *const *labels; /* "KEY=VALUE", each key once */
	bool remove;               /* nothing is kept at the end */
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

/* True if there is something to tell in life.json. */
bool life_has_file(const struct run_options *options, const struct life *life);

/*
 * Append life.json.
 *
 *   argv  of `immure run`, as it was typed: for `immure generate`
 */
void life_json(const struct life *life, char *const argv[], struct strbuf *out);

#endif
