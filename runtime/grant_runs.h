/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_GRANT_RUNS_H
#define IMMURE_RUNTIME_GRANT_RUNS_H

/* What the runs on record used of a policy's grants, all of them together. */

#include "audit/grants.h"

#define GRANT_RUNS_DEFAULT 100

/* Of one grant. */
struct grant_tally {
	uint64_t told, used; /* runs that can tell; of them, those that used it */
	uint64_t n, reads;   /* how often; see struct grant */
	const char *unknown; /* why the newest of the others cannot; NULL: there is none */
};

struct grant_left_out {
	const char *run, *why;
};

struct grant_runs {
	struct grants grants;        /* as the policy is now; their own use means nothing */
	struct grant_tally *tallies; /* one for each of them */
	uint64_t n_read;             /* runs of the policy whose record was read */
	uint64_t n_told;    /* of them, those that can tell of any of the user's own grants */
	const char *newest; /* of n_read; NULL: there is none */
	size_t n_left_out, cap_left_out;
	struct grant_left_out *left_out; /* damaged, or not sealed */
	bool older; /* there are runs that were not looked at, for a limit was reached */
};

#define cleanup_grant_runs cleanup(grant_runs_done)

struct grant_runs_limits {
	uint64_t runs;  /* of the policy, the newest first */
	uint64_t bytes; /* of their events; 0: any */
};

/*
 * Read the records of the runs that were made from the same sources, the newest first. Runs that
 * go on and those of probes are passed over.
 *
 *   bundle  of the policy; must outlive *ret
 *   arena   owns what *ret points to
 */
must_check int grant_runs_read(const struct bundle *bundle, const struct grant_runs_limits *limits,
			       struct arena *arena, struct grant_runs *ret, struct err *err);

/* Used if a run used it, unused if none did of those that can tell, unknown if none can. */
enum grant_use grant_tally_use(const struct grant_tally *tally);

/* How many of the user's own grants are so. */
size_t grant_runs_count(const struct grant_runs *runs, enum grant_use use);

/* Is the i-th one of the user's own, and never used? */
bool grant_runs_is_unused(const struct grant_runs *runs, size_t i);

void grant_runs_done(struct grant_runs *runs);

#endif
