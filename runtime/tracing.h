/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TRACING_H
#define IMMURE_RUNTIME_TRACING_H

/* The kernel's collector in a run: begun before the program, read while it runs, settled after. */

#include "audit/batch.h"
#include "audit/decode.h"
#include "audit/event_log.h"
#include "policies/bundle.h"
#include "runtime/launch.h"
#include "runtime/tracer_client.h"

enum collector {
	COLLECTOR_AUTO, /* the kernel's where there is immure-tracerd */
	COLLECTOR_NOTIFY,
	COLLECTOR_BPF, /* or do not start */
};

struct tracing {
	bool on;
	struct tracer_client client;
	struct decoder decoder;
	const struct bundle *bundle; /* borrowed, as is log */
	bool unfiltered;             /* the bundle's filter is not in force */
	struct call_table calls;     /* names are within the bundle */
	struct strbuf batch;
	uint64_t refused[TRACER_CALLS]; /* calls refused by the filter, as seen or answered */
	struct event_log *log;
	uint64_t told; /* of what the kernel dropped */
};

/*
 * Where refused calls are to be counted by whoever answers them: with hooks the kernel tells of
 * none. NULL: it does.
 */
uint64_t *tracing_refused(struct tracing *tracing);

/* "auto", "notify", "bpf", or NULL for auto. Returns -1 for another word. */
int collector_find(const char *word);

/*
 * Ask immure-tracerd to trace the child, which must be on its way: waits until it has
 * no_new_privs. Without a daemon this is a no-op, unless the collector is required, or the plan has
 * the layer "bpf".
 *
 *   id   of the run
 *   ret  set in any case; ended by tracing_done()
 *
 * Returns   0 (ret->on says whether), or -errno: required and not to be had, stage ERR_HOST.
 */
must_check int tracing_start(enum collector collector, const struct plan *plan,
			     const struct launched *launched, const char *id, struct tracing *ret,
			     struct err *err);

/* How long poll(2) may sleep while tracing: the ring wakes us only when much is waiting. */
#define TRACING_LOOK_MS 10

/*
 * Record what is there now, but no more than a few thousand events.
 *
 * Returns   1 (there may be more), 0, or -errno: recording failed. -ESTALE: a task of the sandbox
 *           runs without a mark; the sandbox must be ended.
 */
must_check int tracing_turn(struct tracing *tracing, struct err *err);

/*
 * After the sandbox's end: record what is left, what was lost, and how often each call was made.
 *
 * Returns   0, or -errno; -EPIPE: tracing was cut off before the end.
 */
must_check int tracing_finish(struct tracing *tracing, struct err *err);

void tracing_done(struct tracing *tracing);

#endif
