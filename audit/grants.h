/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_GRANTS_H
#define IMMURE_AUDIT_GRANTS_H

/*
 * Which grants of a policy a run used, by its record. A grant is one word of a line: a call or a
 * group, a path with what may be done there, a destination. Nothing is unused because nothing was
 * seen: what the collector does not see, or may have lost, is unknown, and the reason is told.
 */

#include "audit/run_read.h"
#include "bpf/events.h"
#include "policies/bundle.h"

enum grant_kind {
	GRANT_CALLS,
	GRANT_FILE,
	GRANT_NET,
};

enum grant_use {
	GRANT_UNKNOWN,
	GRANT_UNUSED,
	GRANT_USED,
};

struct grant {
	enum grant_kind kind;
	const struct rule *rule; /* its line; borrowed from the bundle */
	const char *text;        /* "ptrace", "write /work", "connect tcp *:443", stars and all */
	/* What it grants, by its kind. */
	uint64_t calls[TRACER_CALLS / 64]; /* bit by number */
	size_t n_rules;                    /* 0: whatever the arguments */
	const struct syscall_rule *rules;  /* as the word alone would be read */
	const struct bundle_file *file;
	unsigned access; /* one bit of enum file_access: what to read goes with is no grant here */
	const struct net_rule *net;
	/* What was seen, and what follows from it. */
	uint64_t n;     /* how often it was used */
	uint64_t reads; /* to write or to execute: how often files there were opened to be read */
	bool maybe;     /* something was seen that may have been its use */
	enum grant_use use;
	const char *unknown; /* why; static, or in the arena of grants_judge() */
};

struct grant_path {
	const char *path;
	bool tree;
	unsigned access;
};

/* By number of the call. */
struct grant_counts {
	uint64_t counts[TRACER_CALLS], refused[TRACER_CALLS];
	uint64_t events[TRACER_CALLS]; /* calls with a record of their own */
};

struct grants {
	struct arena *arena;         /* borrowed */
	const struct bundle *bundle; /* borrowed */
	size_t n;
	struct grant *items;
	json_t *numbers;                         /* of calls, by name */
	uint64_t conditional[TRACER_CALLS / 64]; /* calls whose arguments decide */
	/* Of the run that is read. */
	const json_t *plan;
	size_t n_shown;
	const struct grant_path *shown; /* what the plan grants, volumes and all */
	struct grant_counts *calls;
	unsigned unnamed;                     /* accesses to files that no path explains */
	bool unnamed_connect, unnamed_listen; /* the same of the network */
	bool started_again;
};

#define cleanup_grants cleanup(grants_done)

/* Of a set of calls, bit by number. */
static inline bool calls_have(const uint64_t calls[TRACER_CALLS / 64], size_t nr)
{
	return calls[nr / 64] >> (nr % 64) & 1;
}

/*
 * List what a policy grants: its own lines and those of what it extends.
 *
 *   bundle  must outlive *ret
 */
must_check int grants_init(const struct bundle *bundle, struct arena *arena, struct grants *ret,
			   struct err *err);

/* Look at the next event. The record has its plan and its evidence. */
void grants_take(struct grants *grants, const struct run_record *record, json_t *event);

/* When the last one was taken: fill in the use of each. */
void grants_judge(struct grants *grants, const struct run_record *record, struct arena *arena);

/* Forget the run, for the next one. */
void grants_reset(struct grants *grants);

/* Does it stand in the policy that was asked for, or in another file of the user's? */
bool grant_is_own(const struct grants *grants, const struct grant *grant);

/* "used", "unused", "unknown". */
const char *grant_use_name(enum grant_use use);

void grants_done(struct grants *grants);

#endif
