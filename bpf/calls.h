/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_CALLS_H
#define IMMURE_BPF_CALLS_H

/* Which system calls are of interest, and how their arguments are copied. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "bpf/events.h"

/* What somebody may ask to have recorded. */
enum tracer_group {
	TRACER_GROUP_EXEC = 1 << 0,     /* programs that begin */
	TRACER_GROUP_DENIED = 1 << 1,   /* calls that were refused before they were dispatched */
	TRACER_GROUP_FLOW = 1 << 2,     /* connections, datagrams, listeners, names asked for */
	TRACER_GROUP_WRITE = 1 << 3,    /* files opened for writing, made, removed, renamed */
	TRACER_GROUP_READ = 1 << 4,     /* every file that is opened */
	TRACER_GROUP_SECURITY = 1 << 5, /* signals, ptrace, mounts, namespaces, bpf, keys, ... */
	TRACER_GROUP_TASKS = 1 << 6,    /* tasks that are made and end */
	TRACER_GROUP_ALL = 1 << 7,      /* every call */
	/* Not to be recorded but refused, where the daemon can. */
	TRACER_GROUP_GUARD = 1 << 8,  /* user namespaces; signals and ptrace to other sandboxes */
	TRACER_GROUP_LOCAL = 1 << 9,  /* connecting to other machines */
	TRACER_GROUP_PATHS = 1 << 10, /* opening what the rules that follow do not name */
	TRACER_GROUP_CALLS = 1 << 11, /* what calls reach that the grants do not name */
	/* A filter ends whatever makes a call of 32 bits: they need not be seen. */
	TRACER_GROUP_NATIVE = 1 << 12,
};
#define TRACER_GROUPS 0x1fffU
#define TRACER_GUARDS \
	(TRACER_GROUP_GUARD | TRACER_GROUP_LOCAL | TRACER_GROUP_PATHS | TRACER_GROUP_CALLS)

/* Fill the table that the programs read, by number. */
void tracer_calls_fill(struct tracer_call how[TRACER_CALLS]);

/* Set calls and want of a slot from enum tracer_group bits. */
void tracer_calls_select(uint32_t groups, struct tracer_slot *slot);

/*
 * May all that the slot wants of calls be told where each of them returns?
 *
 *   hooked  calls that can be, bit by number
 */
bool tracer_calls_are_few(const struct tracer_slot *slot, const uint64_t hooked[TRACER_CALLS / 64]);

#endif
