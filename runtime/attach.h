/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_ATTACH_H
#define IMMURE_RUNTIME_ATTACH_H

/*
 * The monitor's side of `immure attach`: what the program writes goes to each client, what a client
 * sends goes to the program. Nobody is waited for: a client that does not take its output is
 * dropped once ATTACH_QUEUE_MAX bytes wait for it.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "runtime/control_wire.h"
#include "runtime/frames.h"

#define ATTACH_CLIENTS 8
#define ATTACH_POLLFDS (ATTACH_CLIENTS + 1)
#define ATTACH_QUEUE_MAX ((size_t)512 << 10) /* of one client: the monitor stays small */

struct attach {
	int input;         /* borrowed, non-blocking: where input goes; -1: what comes is dropped */
	unsigned flags;    /* enum control_attach_flag, told to each client */
	size_t start, end; /* bytes start..end-1 of `pending` wait to be written to `input` */
	char pending[CONTROL_INPUT_MAX];
	uint64_t credit_us; /* so long may attach_catch_up() wait */
	uint64_t looked_us; /* when it was last asked to */
	struct attach_client {
		int fd;    /* -1: free */
		bool deaf; /* it is gone; what it sent before may still have to be read */
		struct frames queue;
	} clients[ATTACH_CLIENTS];
};

void attach_init(struct attach *attach, unsigned flags);

/* Where input goes from now on; what waited for the one before is dropped. */
void attach_set_input(struct attach *attach, int input);

/*
 * One more client. Takes its descriptor over and answers on success.
 *
 * Returns   0, -EAGAIN (there are too many).
 */
must_check int attach_add(struct attach *attach, int *client);

/* The program wrote: at most CONTROL_OUTPUT_MAX bytes. */
void attach_output(struct attach *attach, enum control_stream stream, const void *bytes, size_t n);

/*
 * Before more output is read: give one that is behind a few milliseconds, so that a burst drops
 * nobody who only has to be scheduled. All such waiting together is an eighth of the time at most.
 */
void attach_catch_up(struct attach *attach);

/* Fill ATTACH_POLLFDS entries. */
void attach_fill(const struct attach *attach, struct pollfd *fds);
void attach_handle(struct attach *attach, const struct pollfd *fds);

/* All is over: tell the exit status, and give slow clients a moment. Ends all of them. */
void attach_finish(struct attach *attach, int status);

#endif
