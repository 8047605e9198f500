/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_FRAMES_H
#define IMMURE_RUNTIME_FRAMES_H

/* A bounded queue of what a detached program wrote, for one reader that may be slow. */

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "runtime/control_wire.h"

/* All zero: empty. Memory is taken when something waits, and given back when nothing does. */
struct frames {
	char *p;
	size_t start, end, cap;
};

#define cleanup_frames cleanup(frames_done)

/*
 * Add one message: the head and n bytes.
 *
 *   max  bytes that may wait, with what each message costs
 *
 * Returns   false if there would be more, or no memory: then nothing was added.
 */
must_check bool frames_add(struct frames *frames, size_t max, const struct control_output *head,
			   const void *bytes, size_t n);

/* The oldest message, head and bytes; NULL if there is none. Valid until the next call. */
const char *frames_first(const struct frames *frames, size_t *ret_n);

/* Forget the oldest; there is one. */
void frames_pop(struct frames *frames);
void frames_done(struct frames *frames);

#endif
