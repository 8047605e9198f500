/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TRACERD_SERVE_H
#define IMMURE_RUNTIME_TRACERD_SERVE_H

#include "runtime/tracerd_slots.h"

/* The daemon's loop: its sockets and its sandboxes. */
struct serving {
	struct tracer *tracer; /* borrowed */
	int listener;          /* listening SOCK_SEQPACKET socket, non-blocking; borrowed */
	int signals;           /* signalfd of what ends us; borrowed */
	uint32_t ring_bytes;
	uint32_t idle_ms; /* end after so long without sandboxes; 0: never */
};

/*
 * Serve until a signal comes, or until there was nothing to do for long enough.
 *
 * Returns   0: nobody is traced any more, 1: somebody still is; or -errno.
 */
must_check int tracerd_serve(const struct serving *serving, struct err *err);

#endif
