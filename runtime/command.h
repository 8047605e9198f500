/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_COMMAND_H
#define IMMURE_RUNTIME_COMMAND_H

/* What a monitor is asked over its control socket, and the health checks it makes by itself. */

#include "runtime/supervise.h"

/* A control_act_fn; data is a struct supervisor, with a program or between two starts. */
int command_act(void *data, const struct control_request *request, int *fd);

/* Milliseconds until health_step() has something to do; -1: nothing. */
int health_patience(const struct supervisor *s);

/* Start, end and judge checks. Returns 0, or -errno: a change could not be recorded. */
must_check int health_step(struct supervisor *s, struct err *err);

/* Put an event of kind "life" into the log: members as text of JSON, without the braces. */
must_check int command_note(struct event_log *log, const struct strbuf *members, struct err *err);

/* Milliseconds of CLOCK_BOOTTIME. */
uint64_t command_now(void);

#endif
