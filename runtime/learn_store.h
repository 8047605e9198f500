/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LEARN_STORE_H
#define IMMURE_RUNTIME_LEARN_STORE_H

/* A learned policy on disk: FILE, and FILE.runs with what it was made from. */

#include "policies/learned_policy.h"

/*
 * Add a record to what is merged so far.
 *
 *   which    the id of a run, or the path of a FILE.runs (it has a '/' or ends in ".runs")
 *   learned  replaced on success
 */
must_check int learn_store_add(const char *which, struct arena *arena, struct learned *learned,
			       struct err *err);

struct learn_result {
	struct estimate estimate;
	size_t n_runs, n_grants;
	uint32_t n_allowed; /* system calls open */
};

/*
 * Make the policy and write FILE.runs, then FILE; what FILE.runs held is merged first.
 *
 *   learned  at least one run, unless FILE.runs is there
 *
 * Effects   both appear complete or not at all; others who learn into FILE wait
 */
must_check int learn_store_write(const char *file, const struct learned *learned,
				 struct arena *arena, struct learn_result *ret, struct err *err);

#endif
