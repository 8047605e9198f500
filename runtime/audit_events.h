/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_EVENTS_H
#define IMMURE_RUNTIME_AUDIT_EVENTS_H

/* The events of a run, one after the other, as long as it lives. */

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "runtime/options.h"

struct event_filter {
	struct opt_list kinds; /* names; empty: all */
	uint64_t pid;          /* 0: any */
};

/*
 * Called for each event that passes the filter.
 *
 *   event  as JSON; line is the same as text
 * Returns   0, or a negative errno to stop with *err filled.
 */
typedef int (*event_fn)(void *data, const json_t *event, struct span line, struct err *err);

/* Which run, and what to do with its events. */
struct event_request {
	const char *which; /* NULL: the run that began last, whether it lives or not */
	struct event_filter filter;
	bool follow; /* wait for more while the run lives */
	event_fn fn;
	void *data;
};

/* The run that a request means. In arena. */
must_check int audit_events_find(const struct event_request *request, struct arena *arena,
				 const char **ret_run, struct err *err);

/*
 * Read the events of a run.
 *
 * Returns   0, -EBADMSG (a record does not hold), -EINVAL (stage ERR_USAGE: no such kind), -errno.
 */
must_check int audit_events(const struct event_request *request, const char *run, struct err *err);

#endif
