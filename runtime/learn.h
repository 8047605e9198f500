/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LEARN_H
#define IMMURE_RUNTIME_LEARN_H

/*
 * The supervisor's side of a learning run: each announced call becomes items of a record. Numbers
 * are registers and cannot change under us; paths and addresses are what memory held at that
 * moment, so a learned policy says what a program asked for, and is no evidence of what it did.
 */

#include "audit/recorder.h"
#include "policies/bundle.h"
#include "sandbox/plan.h"

struct learn {
	struct recorder recorder;
	const struct plan *plan;          /* borrowed; its bundle decides */
	const char *program;              /* borrowed; as found for the first execve(2) */
	const struct sock_filter *filter; /* what a learning run installs; in the caller's arena */
	size_t n_filter;
	uint8_t *kinds;  /* by number: what to do besides naming the call */
	int8_t *weights; /* by number: row of call_weights, or -1 */
	int root;        /* the sandbox's root, once the program runs; else -1 */
	uint64_t tasks, processes;
	struct strbuf item; /* reused */
};

#define cleanup_learn cleanup(learn_done)

/*
 * Prepare.
 *
 *   policy  the run's own
 *   known   builtin/start: what every learned policy grants anyway
 *   arena   owns the filter and the tables
 */
must_check int learn_init(struct learn *learn, const struct bundle *policy,
			  const struct bundle *known, struct arena *arena, struct err *err);

/* Note one call that waits for our answer. What cannot be read is left out, never guessed. */
void learn_note(struct learn *l, const struct seccomp_notif *rq, const char *call, bool allowed);

void learn_done(struct learn *l);

#endif
