/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_EGRESS_H
#define IMMURE_RUNTIME_EGRESS_H

/*
 * What the table of a private network refused: packets as they are announced, some with a record of
 * their own, and at the end the exact counters of every rule.
 */

#include "audit/denial.h"
#include "audit/event_log.h"
#include "audit/evidence.h"
#include "runtime/uplink_wire.h"

#define EGRESS_SLOTS 256

struct egress {
	int fd; /* borrowed: the uplink's; -1 without one */
	const struct bundle *bundle;
	struct event_log *log;
	struct denial_table *table;
	size_t n_slots;
	struct egress_slot {
		struct uplink_message packet; /* the first of its kind */
		uint64_t n;
	} slots[EGRESS_SLOTS];
	uint64_t announced; /* and not in the table yet */
	uint64_t recorded;  /* with a line of their own */
	size_t have;        /* bytes of the message that is being read */
	struct uplink_message message;
	struct evidence_net net;
};

/* Take what is there, without waiting. fd becomes -1 when the helper has ended. */
must_check int egress_turn(struct egress *egress, struct err *err);

/*
 * The sandbox has ended: ask for the counters and wait for them, a few seconds at most.
 *
 *   arena  owns what egress->net points to
 *
 * Effects   adds what was refused to the table of denials. Without an answer egress->net is
 *           incomplete and says so.
 */
must_check int egress_finish(struct egress *egress, struct arena *arena, struct err *err);

#endif
