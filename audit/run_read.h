/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_RUN_READ_H
#define IMMURE_AUDIT_RUN_READ_H

#include <jansson.h>
#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"

/* A run's record as read from its folder. Objects that are not there are NULL. */
struct run_record {
	json_t *plan, *evidence, *status;
	json_t *events;     /* array, in order */
	struct digest head; /* hash of the last event */
	uint64_t n_events;
	bool complete;    /* status.json is there */
	struct err chain; /* code set: what is wrong with the event log */
};

#define cleanup_run_record cleanup(run_record_done)

/*
 * Read a run's folder and check its event log against the chain and the sealed head.
 *
 *   dir  descriptor of the folder; its contents are not trusted
 *   ret  filled only on success; a broken log is no failure but stands in ret->chain
 */
must_check int run_record_read(int dir, struct run_record *ret, struct err *err);

void run_record_done(struct run_record *record);

/* One file of a run's folder as JSON, or NULL; released by json_decref(). */
json_t *record_file(int dir, const char *name);

/* Members by path, or a default: run_text(plan, "root", "kind"). */
const char *record_text(const json_t *object, const char *key, const char *absent);
int64_t record_number(const json_t *object, const char *key, int64_t absent);

/* A call that a rule refused, or in mode audit would have. */
bool event_is_refusal(const json_t *event);
bool event_is_refusal_kind(const char *kind);

#endif
