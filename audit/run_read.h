/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_RUN_READ_H
#define IMMURE_AUDIT_RUN_READ_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

/* A run's record as read from its folder. Objects that are not there are NULL. */
struct run_record {
	json_t *plan, *evidence, *status;
	json_t *life;         /* of a run in the background: name, restart, health */
	json_t *first, *last; /* events: "start" and, of a run that ended, "sealed" */
	json_t *rotated;      /* array of events: the last one of each full segment */
	struct digest head;   /* hash of the last event */
	uint64_t n_events;
	bool complete;    /* status.json is there */
	bool lives;       /* set by whoever can tell: the run goes on */
	struct err chain; /* code set: what is wrong with the event log */
};

#define cleanup_run_record cleanup(run_record_done)

/*
 * Called for each event that holds, in order. The log may be far larger than memory: who needs
 * events later keeps what it needs of them.
 *
 *   record  what is known so far: plan, evidence and status are there
 */
struct event_taker {
	void (*take)(void *data, const struct run_record *record, json_t *event);
	void *data;
};

/*
 * Read a run's folder and check its event log against the chain and the sealed head.
 *
 *   dir    descriptor of the folder; its contents are not trusted
 *   taker  or NULL, if nobody looks at events: then they are checked and not parsed
 *   ret    filled only on success; a broken log is no failure but stands in ret->chain
 */
must_check int run_record_read(int dir, const struct event_taker *taker, struct run_record *ret,
			       struct err *err);

/* An event_taker whose data is a JSON array, which gets every refusal. */
void run_record_keep_refusals(void *data, const struct run_record *record, json_t *event);

void run_record_done(struct run_record *record);

/* One file of a run's folder as JSON, or NULL; released by json_decref(). */
json_t *record_file(int dir, const char *name);

/* Members by path, or a default: run_text(plan, "root", "kind"). */
const char *record_text(const json_t *object, const char *key, const char *absent);
int64_t record_number(const json_t *object, const char *key, int64_t absent);

/* The entry of a layer in the ledger of a plan, or NULL. Borrowed. */
const json_t *record_ledger(const json_t *plan, const char *layer);

/* Of an event about a call: it failed, so that nothing was opened, and nobody listens there. */
bool record_has_failed(const json_t *event);

/* Where a published port of the plan is reached: "127.0.0.1:80", "[::1]:53". In arena, or NULL. */
const char *record_published(const json_t *port, struct arena *arena);

/* A call that a rule refused, or in mode audit would have. */
bool event_is_refusal(const json_t *event);
bool event_is_refusal_kind(const char *kind);

#endif
