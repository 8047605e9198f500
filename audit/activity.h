/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_ACTIVITY_H
#define IMMURE_AUDIT_ACTIVITY_H

/*
 * What a run did, gathered from its events one at a time, for every format that tells of it. Each
 * list is bounded, and says how much it leaves out: a report of a million events stays a page.
 */

#include "audit/record.h"
#include "audit/run_read.h"

#define ACTIVITY_MAX 500       /* of each list; the events have them all */
#define ACTIVITY_MARKS_MAX 256 /* of each kind on the time line */

struct activity_list {
	json_t *items;
	json_t *index; /* the same by name */
	uint64_t more; /* events that were about none of items */
};

/* When the events of one kind were: each of the first, then every second, every fourth... */
struct activity_lane {
	uint64_t n; /* events of this kind */
	uint64_t step;
	size_t n_marks;
	int64_t marks[ACTIVITY_MARKS_MAX]; /* microseconds from the first event on */
};

struct activity {
	struct activity_list denials, flows, listeners, names, processes, written;
	json_t *calls;
	json_t *makers; /* of processes: pid and name, by the pid of what was made; bounded */
	int64_t start_us;
	uint64_t n_denials;
	struct activity_lane *lanes; /* by kind; NULL: there was not memory enough */
};

void activity_init(struct activity *activity);
void activity_take(struct activity *activity, json_t *event);
/* As report.schema.json has it; NULL if there was not memory enough. */
must_check json_t *activity_json(const struct activity *activity, const struct run_record *record);
void activity_done(struct activity *activity);

#endif
