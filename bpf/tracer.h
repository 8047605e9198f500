/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_TRACER_H
#define IMMURE_BPF_TRACER_H

/*
 * The loader: programs and maps live as pins in a folder of a BPF file system, so that they outlive
 * whoever loaded them. CAP_BPF and CAP_PERFMON are enough.
 */

#include <stdbool.h>

#include "base/err.h"
#include "bpf/events.h"

struct tracer;

/* One sandbox's descriptors, both to be handed out. */
struct tracer_fds {
	int ring, stats;
};

/*
 * Take over what is pinned in a folder, or load everything anew and pin it there. Attaches nothing.
 * What another version left there is removed, unless a sandbox of it goes on.
 *
 *   dir  path of a folder of a BPF file system that we may write; "." works where the way to it
 *        is closed to us
 *   ret  the caller owns it: tracer_close()
 *
 * Returns   0, or -errno and which program the kernel refused.
 */
must_check int tracer_open(const char *dir, struct tracer **ret, struct err *err);

/* Release descriptors. What is pinned stays, and so does what is attached. */
void tracer_close(struct tracer *tracer);

/* Can it refuse, or only look? Where the kernel's BPF LSM is on and root may load such programs. */
bool tracer_can_guard(const struct tracer *tracer);

/*
 * Can all that a sandbox wants of calls be told where these return, so that nobody pays who makes
 * others? If so, that is attached, and the slot wants it (TRACER_WANT_HOOKS, not _RETURNS).
 *
 * Returns   0, -ENOTSUP (it wants more, or there are no hooks on this machine: err says why),
 *           -errno (attaching failed; the next one may have more luck).
 */
must_check int tracer_choose_hooks(struct tracer *tracer, struct tracer_slot *slot,
				   struct err *err);

/* Why there are none, or why they could not be attached last time; NULL: all is well. */
const char *tracer_no_hooks(const struct tracer *tracer);

/* Attach what is needed for sandboxes with these TRACER_WANT_* bits and is not yet; pin that too.
 */
must_check int tracer_attach(struct tracer *tracer, uint32_t want, struct err *err);

/*
 * Which calls are to be looked at where all calls return.
 *
 *   all  calls and want of all sandboxes with TRACER_WANT_RETURNS, united
 */
must_check int tracer_want(struct tracer *tracer, const struct tracer_slot *all, struct err *err);

/* Detach from where all calls begin and return, unless that is needed for these bits. */
void tracer_spare(struct tracer *tracer, uint32_t want);

/*
 * Detach all: without sandboxes no task on this machine pays for us.
 *
 *   hooks  those of single calls, too: they cost others little, and attaching them takes a while
 */
void tracer_detach(struct tracer *tracer, bool hooks);

/* Remove every pin. Marks and counters go with the last descriptor. */
void tracer_unpin(struct tracer *tracer);

/*
 * Put a new, empty ring and new counters into a slot that is not in use: takes tens of
 * milliseconds, so it is done before somebody asks.
 *
 *   ring_bytes  a power of two, a multiple of the page
 *   ret         owned by the caller; they must never be handed out twice
 */
must_check int tracer_fill_slot(struct tracer *tracer, uint32_t slot, uint32_t ring_bytes,
				struct tracer_fds *ret, struct err *err);

/* Make a filled slot belong to a sandbox, with its counters pinned under the slot's number. */
must_check int tracer_take_slot(struct tracer *tracer, uint32_t slot,
				const struct tracer_slot *value, int stats, struct err *err);

/*
 * Give a slot an empty table of rules, before TRACER_WANT_PATHS is set in it. The caller owns the
 * descriptor, by which rules are added.
 */
must_check int tracer_make_rules(struct tracer *tracer, uint32_t slot, struct err *err);
/*
 * What a slot's policy grants by number, for TRACER_WANT_CALLS: a slot that was filled keeps what
 * it had, so one that nobody has told grants nothing only if zeros were set first.
 */
must_check int tracer_set_grants(struct tracer *tracer, uint32_t slot,
				 const struct tracer_grants *grants, struct err *err);
must_check int tracer_add_rule(int rules, const struct tracer_rule *rule, uint32_t access,
			       struct err *err);

/* The slot is nobody's, and has no rules. Ring and counters stay until it is filled or cleared. */
void tracer_drop_slot(struct tracer *tracer, uint32_t slot);

/* Give the memory of a dropped slot's ring back: waits as filling does. */
void tracer_clear_slot(struct tracer *tracer, uint32_t slot);
bool tracer_is_clear(struct tracer *tracer, uint32_t slot);

/* What is in a slot; generation 0 if it is nobody's. */
must_check int tracer_read_slot(struct tracer *tracer, uint32_t slot, struct tracer_slot *ret,
				struct err *err);

/* The counters of a slot that was taken before we began. The caller owns the descriptor. */
must_check int tracer_open_stats(struct tracer *tracer, uint32_t slot, struct err *err);

/*
 * Mark a task: it and all it will make belong to the slot.
 *
 * Returns   0, -EEXIST (it has a mark), -ESRCH (it is gone), -errno.
 */
must_check int tracer_mark(struct tracer *tracer, int pidfd, uint32_t slot, uint32_t generation,
			   struct err *err);

bool tracer_is_marked(struct tracer *tracer, int pidfd);

/*
 * How often the kernel has left a program out because it was running on that processor already:
 * never up to Linux 6.18, where tracing programs cannot be preempted; later now and then. Whose
 * events are missing then nobody knows.
 */
uint64_t tracer_missed(const struct tracer *tracer);

#endif
