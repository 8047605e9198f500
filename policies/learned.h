/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_LEARNED_H
#define IMMURE_POLICIES_LEARNED_H

/*
 * What learning runs saw, before it becomes a policy: items, and for each the runs that saw it. As
 * a set of sets it can be merged in any order and as often as one likes.
 *
 *   immure learned 1
 *   run 65a1b2c3-0f3e            ids, sorted
 *   0 allow ioctl cmd=0x5413     numbers of runs, and what they saw
 *   0,2 file read /etc/hosts
 *   peak memory 5120             KiB of one process; files, processes, tasks
 *   often openat 172            how often one run made a call whose arguments are asked for
 *   lost 3                       items that had no room
 */

#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "policies/call_weights.h"
#include "policies/policy.h"

#define LEARNED_MAX_RUNS 1024
#define LEARNED_MAX_ITEMS 65536
#define LEARNED_MAX_BYTES ((size_t)16 << 20)
#define LEARNED_RUN_MAX 64 /* bytes of an id */

/* A set of runs by their place in learned.runs. */
struct run_set {
	uint64_t *words; /* learned.n_words of them */
};

struct learned_item {
	const char *text; /* "allow getpid", "file read /etc/hosts" */
	struct run_set runs;
};

enum learned_peak {
	PEAK_MEMORY,
	PEAK_FILES,
	PEAK_PROCESSES,
	PEAK_TASKS,
	PEAK_COUNT
};

struct learned {
	size_t n_runs, n_words;
	const char **runs; /* sorted, unique */
	size_t n_items;
	struct learned_item *items; /* by text, unique */
	uint64_t peaks[PEAK_COUNT];
	uint64_t calls_seen[CALL_WEIGHTS]; /* the most that one run made of each */
	uint64_t lost;
};

/*
 * Read a record: what a run left in its folder, or what was merged before.
 *
 *   text   not trusted; at most LEARNED_MAX_BYTES
 *   arena  owns all that *ret points to
 *   ret    filled only on success
 *
 * Returns   0, -EINVAL (the first fault is in diags), -E2BIG (the same), -ENOMEM.
 */
must_check int learned_read(struct span text, const char *name, struct arena *arena,
			    struct learned *ret, struct diags *diags);

/*
 * The union of two: commutative, associative, idempotent.
 *
 * Returns   0, -E2BIG (too many runs or items), -ENOMEM.
 */
must_check int learned_merge(const struct learned *a, const struct learned *b, struct arena *arena,
			     struct learned *ret, struct err *err);

/* Canonical: equal records give equal bytes, and reading them gives the same record. */
void learned_print(const struct learned *learned, struct strbuf *out);

size_t run_set_count(const struct learned *learned, struct run_set set);
void run_set_add(const struct learned *learned, struct run_set *to, struct run_set from);

#endif
