/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_FLUSH_H
#define IMMURE_RUNTIME_STORE_FLUSH_H

/*
 * Writes to disk while layers are still being unpacked. The kernel would keep hundreds of megabytes
 * in memory until the sync that ends a layer, and all would wait for the disk then. This is about
 * speed alone: that sync still decides whether everything was written.
 */

#include <sys/types.h>

#include "runtime/store.h"

struct store_flusher {
	pid_t pid; /* -1: none */
	int stop;  /* it ends when this is closed */
};

#define STORE_FLUSHER_NONE            \
	{                             \
		.pid = -1, .stop = -1 \
	}

/* Start a process that does it. Where none can be made there is none. Ended by stop. */
void store_flush_start(const struct store *store, struct store_flusher *ret);
void store_flush_stop(struct store_flusher *flusher);

#endif
