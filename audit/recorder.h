/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_RECORDER_H
#define IMMURE_AUDIT_RECORDER_H

/*
 * What a learning run has seen: a set of items, each a line of text as policies/learned.h reads
 * it. Arguments that a policy can tell apart become part of the item.
 */

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "policies/call_weights.h"

#define RECORDER_MAX_ITEMS 32768U
#define RECORDER_MAX_BYTES ((size_t)4 << 20)

struct recorder {
	struct strbuf items; /* each ended by NUL */
	uint32_t *slots;     /* hash table: place in items plus one; 0 is free */
	size_t n_slots;      /* a power of two */
	size_t n;
	uint64_t lost; /* items that had no room */
	/* The most that was seen. */
	uint64_t memory_kib;               /* of one process */
	uint64_t files;                    /* room in one descriptor table */
	uint64_t processes;                /* at once */
	uint64_t tasks;                    /* at once, threads included */
	uint32_t calls_seen[CALL_WEIGHTS]; /* how often each was announced */
};

#define cleanup_recorder cleanup(recorder_done)

/*
 * Add an item.
 *
 *   item  one line; control bytes must be escaped by now
 *
 * Returns   true if it was not there yet.
 */
bool recorder_add(struct recorder *recorder, const char *item);

/* Append "allow NAME" or "refuse NAME", with " ARG=VALUE,..." where the policy can tell. */
void recorder_call_item(const char *call, const struct seccomp_data *data, bool allowed,
			struct strbuf *out);

/*
 * Append the whole record of one run.
 *
 *   run  its id
 */
must_check int recorder_encode(const struct recorder *recorder, const char *run, struct strbuf *out,
			       struct err *err);

void recorder_done(struct recorder *recorder);

#endif
