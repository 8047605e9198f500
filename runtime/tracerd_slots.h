/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TRACERD_SLOTS_H
#define IMMURE_RUNTIME_TRACERD_SLOTS_H

/* The sandboxes that are traced: one slot each, some filled ahead of need. */

#include <stdbool.h>

#include "bpf/tracer.h"
#include "bpf/wire.h"

#define SLOTS_SPARE 2    /* filled and waiting */
#define SLOTS_STALE 2    /* empty, with the memory of an old ring: more are cleared */
#define SLOTS_PER_UID 64 /* sandboxes of one user at a time */

enum slot_state {
	SLOT_EMPTY,
	SLOT_FILLED, /* ring and counters are there, nobody has them */
	SLOT_TAKEN,
};

struct slot {
	enum slot_state state;
	struct tracer_fds fds;            /* FILLED only; -1 otherwise */
	int rules;                        /* TAKEN, with guarded paths; -1 otherwise */
	bool stale;                       /* EMPTY: the ring of its last sandbox is still there */
	bool guards_calls;                /* TAKEN, and its grants have not come yet */
	const struct tracer_stats *stats; /* TAKEN: mapped */
	bool connected;                   /* TAKEN: somebody waits for its end */
	struct tracer_slot value;         /* TAKEN: what it is; zeros otherwise */
};

struct slots {
	struct tracer *tracer; /* borrowed */
	uint32_t ring_bytes;
	uint32_t generation; /* of the next one */
	size_t n_taken;
	struct slot slots[TRACER_SLOTS];
};

/* Find what an earlier daemon left behind, and fill the spare slots. */
must_check int slots_init(struct slots *slots, struct tracer *tracer, uint32_t ring_bytes,
			  struct err *err);

/*
 * Trace a task for somebody: attach if nothing is, take a filled slot, mark the task.
 *
 *   ret_fds  borrowed by the caller until slots_handed_out()
 *
 * Returns   number of the slot, -EMFILE (too many of this user's), -EEXIST (traced already),
 * -errno.
 */
must_check int slots_take(struct slots *slots, const struct wire_request *request, uint32_t uid,
			  uint32_t pid, int pidfd, struct tracer_fds *ret_fds, struct err *err);

/* One more rule for the paths of a taken slot. -EINVAL: it has asked for no guard of them. */
must_check int slots_add_rule(struct slots *slots, uint32_t slot, const struct wire_rule *rule,
			      struct err *err);

/* What the policy of a taken slot grants, once. -EINVAL: it has asked for no guard, or has them. */
must_check int slots_set_grants(struct slots *slots, uint32_t slot,
				const struct wire_grants *message, struct err *err);

/* The descriptors of a taken slot have been sent: ours are closed. */
void slots_handed_out(struct slots *slots, uint32_t slot);

/* Drop the slots whose sandbox has ended and whose reader is gone; fill spare ones. */
void slots_tend(struct slots *slots);

/*
 * Give the memory of one old ring back: when there is nothing else to do, for it takes tens of
 * milliseconds.
 *
 * Returns   true if there are more to clear.
 */
bool slots_clear_one(struct slots *slots);

/* Fill in a LIST reply of a taken slot. */
void slots_describe(const struct slots *slots, uint32_t number, struct wire_reply *ret);

/* True if some slot waits for its sandbox's end without anybody telling us: look again soon. */
bool slots_are_waiting(const struct slots *slots);

/* Release what is ours. What is taken stays pinned. */
void slots_done(struct slots *slots);

#endif
