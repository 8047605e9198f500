/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_JUDGE_H
#define IMMURE_AUDIT_JUDGE_H

/*
 * Judge a run against standards. Nothing passes because nothing was found out: a check that needs
 * evidence or events that are not there is not proven.
 */

#include "audit/check.h"

/* Somebody answers for a control that does not pass. */
struct waiver {
	const char *control; /* "cis-docker-5.27", or with the version: "cis-docker-1.6-5.27" */
	const char *until;   /* YYYY-MM-DD, the last day */
	const char *by, *why;
	const char *file; /* where it is written */
	uint32_t line;
	enum waiver_state {
		WAIVER_UNUSED,
		WAIVER_APPLIED,
		WAIVER_EXPIRED
	} state; /* filled */
};

struct judge_input {
	const struct run_record *record;
	const struct sightings *seen; /* among its events; NULL: it has none */
	const struct bundle *bundle;  /* NULL: not readable */
	const struct standard *standards;
	size_t n_standards;
	struct waiver *waivers; /* their state is filled */
	size_t n_waivers;
	const char *today;           /* YYYY-MM-DD; needed with waivers only */
	enum evidence_level require; /* a pass below it is not proven; LEVEL_NONE: any */
	const json_t *proof; /* what `policy prove` found; counts for its policy and kernel */
};

/*
 * Judge every control of every standard, in order.
 *
 *   ret  array in arena
 *
 * Returns   how many there are, or -ENOMEM.
 */
must_check int judge_run(const struct judge_input *in, struct arena *arena, struct finding **ret,
			 struct err *err);

/* What a report says of the event stream. */
struct completeness {
	bool whole;
	const char *not_whole; /* why not; NULL if it is */
	bool has_bpf;          /* the kernel's collector was there */
	const char *mode;      /* what it looked at: "all calls", "events"...; or NULL */
	bool lost;             /* events were */
	uint64_t dropped;
	uint64_t absent; /* starts without that collector, of a run that had it at others */
};
struct completeness judge_completeness(const struct run_record *record, struct arena *arena);

/* Does a waiver name this control? */
bool waiver_names(const struct waiver *waiver, const struct control *control);

#endif
