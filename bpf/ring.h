/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_RING_H
#define IMMURE_BPF_RING_H

/*
 * Reads a BPF ring buffer through its mapping, without libbpf. Source: kernel/bpf/ringbuf.c and
 * Documentation/bpf/ringbuf.rst.
 */

#include "base/err.h"
#include "base/text.h"
#include "bpf/events.h"

struct ring {
	unsigned char *head; /* the consumer's page, writable */
	unsigned char *body; /* the producer's page, and the data twice in a row */
	size_t page, size;   /* bytes; size is a power of two */
	uint64_t pos;        /* how far we have read */
};

/*
 * Map a ring.
 *
 *   fd    borrowed; not needed after
 *   size  bytes of its data, as its maker says: a power of two, a multiple of the page
 */
must_check int ring_open(int fd, size_t size, struct ring *ret, struct err *err);

/*
 * The next record. It stays valid until ring_release().
 *
 * Returns   1, 0 (nothing there, or the next one is still being written), -EBADMSG (what is there
 *           cannot be a ring).
 */
must_check int ring_next(struct ring *ring, struct span *ret, struct err *err);

/* All that ring_next() gave may be written over. */
void ring_release(struct ring *ring);

/* A no-op on zeroed memory. */
void ring_close(struct ring *ring);

/* Map the counters of a sandbox, read-only; released by stats_unmap(). */
must_check int stats_map(int fd, const struct tracer_stats **ret, struct err *err);
void stats_unmap(const struct tracer_stats *stats);

#endif
