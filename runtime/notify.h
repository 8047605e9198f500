/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_NOTIFY_H
#define IMMURE_RUNTIME_NOTIFY_H

#include "audit/denial.h"
#include "audit/event_log.h"
#include "bpf/events.h"
#include "policies/bundle.h"
#include "runtime/learn.h"
#include "runtime/look.h"

/* What answering needs. All borrowed. */
struct notify {
	int listener; /* seccomp notification descriptor */
	const struct bundle *bundle;
	struct event_log *log;
	struct denial_table *table;
	pid_t first; /* the sandbox's first process, where a lineage ends */
	uint64_t answered;
	uint64_t *refused;   /* counted here by number, below TRACER_CALLS; NULL: nobody asks */
	struct learn *learn; /* NULL: only what is refused comes here */
	struct look *look;   /* mode audit, else NULL */
};

/* Wake the other side on this processor: a learning run does little else. */
void notify_wake_here(int listener);

/*
 * Receive one refused call, record it, and answer with the error that the policy says. In a
 * learning run every call comes; what the policy allows goes on, for it was decided by registers,
 * which nobody can change meanwhile.
 *
 * A process that is killed while it waits, or whose call is interrupted, is no error.
 *
 * Returns   1 if one was answered, 0 if there was none, -errno if recording failed (the workload
 *           has been answered all the same).
 * Effects   reads the workload's memory; one record in the log where the table says so
 * Source    seccomp_unotify(2)
 */
must_check int notify_answer(struct notify *notify, struct err *err);

#endif
