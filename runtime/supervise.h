/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SUPERVISE_H
#define IMMURE_RUNTIME_SUPERVISE_H

#include "audit/evidence.h"
#include "runtime/detach.h"
#include "runtime/egress.h"
#include "runtime/entries.h"
#include "runtime/launch.h"
#include "runtime/life.h"
#include "runtime/notify.h"
#include "runtime/pty.h"
#include "runtime/tally.h"
#include "runtime/tracing.h"

/* What outlives one start of the program. */
struct lifetime {
	const struct life *plan; /* borrowed */
	uint32_t starts;
	uint32_t short_ends; /* in a row */
	bool stopped;        /* it was asked to end: it is not started again */
	bool again;          /* it was asked to be started again */
	bool paused;         /* its cgroup is frozen */
	int64_t started_ms;  /* since 1970 */
	struct health health;
};

/* The life of a workload, seen from outside. */
struct supervisor {
	const struct plan *plan;   /* borrowed */
	struct launched *launched; /* borrowed */
	struct notify notify;
	struct evidence *evidence; /* borrowed; filled once the filter is on */
	struct egress *egress;     /* borrowed; its fd is -1 without a private network */
	struct tally *tally;       /* borrowed */
	struct tracing *tracing;   /* borrowed; its `on` says whether there is one */
	struct pty *pty;           /* borrowed; NULL without a terminal */
	struct lifetime *life;     /* borrowed */
	struct detach *detach;     /* borrowed; NULL unless we are a monitor */
	int profile;               /* borrowed: profile_load()'s; -1: there is none */
	struct entries entries;    /* programs that came later; in a monitor */
	int terminal[2];           /* our own input and output, with a terminal */
	/* Called once, when `evidence` has what can be read of the running program; or never. */
	int (*keep_evidence)(void *data, struct err *err);
	void *data;
	int signals; /* signals_open() */

	int forwarded;     /* the signal that ended the workload by our hand, or 0 */
	int timer;         /* of supervise(); -1: none */
	bool stopping;     /* the program was asked to end */
	bool out_of_time;  /* limits.wall was reached */
	bool labelled;     /* the program was seen with the label of the plan */
	bool read_once;    /* evidence of the running process was read */
	int trace_look_ms; /* until the next look at the ring; 0: there is more */
	bool deserted;     /* no process is left behind the filter */
	struct err lost;   /* code set: recording failed at some point */
};

/*
 * Answer, forward, relay, count time, until the program has ended.
 *
 *   ret  as wait(2) gives it; what process 1 got if the program never came to be
 */
must_check int supervise(struct supervisor *s, int *ret_wait_status, struct err *err);

#endif
