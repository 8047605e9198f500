/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CONTROL_CLIENT_H
#define IMMURE_RUNTIME_CONTROL_CLIENT_H

#include "base/err.h"
#include "runtime/control_wire.h"

/*
 * Ask the monitor of a detached run, and wait for its answer.
 *
 *   dir         descriptor of the run's folder
 *   timeout_ms  -1: as long as it takes
 *
 * Returns   the answer's result; -ENOENT (there is no monitor: it has ended, was killed, or the run
 *           is not detached), -ETIMEDOUT, -errno.
 */
must_check int control_ask(int dir, enum control_op op, uint32_t argument, int timeout_ms,
			   struct err *err);

/* Ask for what only the monitor knows. Same errors. */
must_check int control_ask_state(int dir, struct control_state *ret, struct err *err);

/* A connection to the monitor, for requests that have more than one answer. Same errors. */
must_check int control_connect(int dir, struct err *err);

/* Send one request. */
must_check int control_send(int fd, enum control_op op, uint32_t argument, struct err *err);

#endif
