/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_EVENT_LOG_H
#define IMMURE_AUDIT_EVENT_LOG_H

/*
 * The event log of one run: records of all collectors, in one chain of hashes, in segments.
 *
 * events.jsonl is the first segment, events.1.jsonl the next, and so on. A full segment ends with
 * a "rotated" record, and the next one goes on with its number and hash. Nothing is ever renamed
 * or written over.
 *
 * The log waits for the disk and for nobody else. What does not fit into its budget is counted
 * by source, and verdicts that need it become not-proven; refused calls, starts of programs and
 * entries from outside have a reserve of their own, so that a flood of other events cannot keep
 * them out.
 */

#include "audit/chain.h"
#include "audit/record.h"

#define EVENT_LOG_SEGMENT ((uint64_t)64 << 20) /* bytes, then a new segment */
#define EVENT_LOG_BUDGET ((uint64_t)1 << 30)   /* bytes of all segments */
#define EVENT_LOG_RESERVE ((uint64_t)64 << 20) /* of them, for the kinds named above */

struct event_loss {
	uint64_t recorded; /* in the log */
	uint64_t dropped;  /* seen by the collector or by us, and not in the log */
	uint64_t told;     /* of dropped, those that a "lost" record has told of */
	uint64_t absent;   /* starts of the run at which the collector was not there */
	const char *mode;  /* what the collector looks at, in words; NULL: it was never there */
};

struct event_log {
	int dir; /* borrowed: the run's folder */
	int fd;
	struct chain chain;
	uint32_t segment;       /* number of the one that is open */
	uint64_t segment_bytes; /* of it */
	uint64_t bytes;         /* of all */
	uint64_t segment_max, budget, reserve;
	struct event_loss loss[RECORD_SOURCE_COUNT];
	/* Told of each segment that is full, once its last record is written; or NULL. */
	int (*on_full)(void *data, uint32_t segment, struct err *err);
	void *data;
};

/* Start the log in a run's folder: makes events.jsonl. */
must_check int event_log_open(struct event_log *log, int dir, struct err *err);

/* Append one record, or count it as dropped when the budget is used up. */
must_check int event_log_add(struct event_log *log, const struct record *record, struct err *err);

/* The same for a record of the supervisor with members of its own: "start" and "sealed". */
must_check int event_log_note(struct event_log *log, enum record_kind kind,
			      const struct strbuf *members, struct err *err);

/*
 * n events of a collector are not in the log. Tells so in a "lost" record, at once for the first
 * and then whenever the number has doubled; the "sealed" record has the exact sum.
 */
must_check int event_log_lost(struct event_log *log, enum record_source source, uint64_t n,
			      struct err *err);

/*
 * Append "losses":[{"dropped":N,"mode":M,"recorded":N,"source":S},...], silent sources left out;
 * "absent":N is there if a collector was not there at N starts out of several.
 */
void event_log_losses(const struct event_log *log, struct jsonw *j);

void event_log_close(struct event_log *log);

/* "events.jsonl", "events.1.jsonl", ... */
void event_log_name(uint32_t segment, char ret[32]);

#endif
