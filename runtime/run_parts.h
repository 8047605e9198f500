/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_PARTS_H
#define IMMURE_RUNTIME_RUN_PARTS_H

/*
 * What the files of `immure run` share: run.c, run_launch.c, run_record.c, run_volumes.c,
 * run_find_image.c.
 */

#include "audit/denial.h"
#include "audit/event_log.h"
#include "audit/evidence.h"
#include "runtime/detach.h"
#include "runtime/egress.h"
#include "runtime/kept.h"
#include "runtime/launch.h"
#include "runtime/learn.h"
#include "runtime/life.h"
#include "runtime/policy_cache.h"
#include "runtime/pty.h"
#include "runtime/run_folder.h"
#include "runtime/run_options.h"
#include "runtime/stdfds.h"
#include "runtime/supervise.h"
#include "runtime/tally.h"
#include "runtime/tracing.h"
#include "runtime/uplink.h"
#include "runtime/volume_use.h"

/* All that one run has; the descriptors are closed by run_done(). */
struct run {
	struct run_options options;
	struct run_image image; /* lock -1 without one */
	struct arena arena;
	struct policy_loaded policy;
	struct host host;
	struct life life;
	struct plan_request request;
	struct plan plan;
	struct run_folder folder;
	struct launched launched;
	struct uplink uplink;
	struct egress egress; /* what the table of a private network refuses */
	struct event_log log;
	struct denial_table *denials; /* in arena, as is pty */
	struct tally tally;           /* of the same, while the run goes on */
	struct evidence evidence;
	struct known_digests known;  /* beside the folder of all runs */
	struct digest evidence_hash; /* of evidence.json, once has_evidence */
	struct pty *pty;             /* NULL without a terminal */
	struct learn learn;          /* used with --learn */
	struct look look;            /* used in mode audit */
	struct tracing tracing;
	struct lifetime lifetime; /* of the program, start by start */
	struct usage usage;       /* of all starts that have ended: the largest, and the sums */
	bool usage_lost;          /* of one of them it is not known */
	struct detach *detach;    /* in arena; NULL without --detach */
	struct stdfds stdio;
	struct strbuf text; /* reused for what is written */
	struct volume_use volumes;
	struct kept kept; /* what is written to an image's root, with --keep */
	int signals;
	int categories; /* holds the pair of the plan, with SELinux */
	pid_t signer;   /* of the segment that was full last; or 0 */
	int profile;    /* one is loaded, held by this, and to be removed; -1 */
	bool has_evidence;
	char *const *whole_argv; /* of main() */
};

/*
 * Start the program, again if that was asked for, and look after it until it has ended for good;
 * write the record. Returns its exit status, or -errno: it never came to be.
 */
must_check int run_launch(struct run *run, struct err *err);

/* What is known before the program starts: plan, policy, the log's first record. */
must_check int run_record_start(struct run *run, struct err *err);

/*
 * The evidence, early: while we wait for the program anyway. Left for the end where a cgroup has
 * peaks, or a private network counters, to tell. `data` is the struct run.
 */
must_check int run_record_evidence(void *data, struct err *err);

/* One start is over: wait for all of it, and add what the kernel says of its processes. */
void run_record_usage(struct run *run);

/* The end: events sealed, then the status, whose presence means that all else is there. */
must_check int run_record_end(struct run *run, const struct supervisor *s, int status,
			      struct err *err);

/* With --sign-by: let the key of it sign what was sealed. */
must_check int run_record_sign(struct run *run, struct err *err);

/*
 * The volumes of the request: opened, made, filled with what the image has there; the names of
 * those that the run made for itself go into its record.
 */
must_check int run_volumes(struct run *run, struct err *err);

/*
 * Without --host and --rootfs the first argument is an image; the rest is for its program.
 *
 * Returns   1 (*argv is what is left), 0 (there is no image), -errno.
 */
must_check int run_find_image(struct run *run, char *const **argv, struct err *err);

#endif
