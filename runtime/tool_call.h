/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TOOL_CALL_H
#define IMMURE_RUNTIME_TOOL_CALL_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Let immure-tool do something for a run meanwhile. As tool_call(), but the caller has to
 * tool_wait() for *ret.
 */
must_check int tool_start(const char *const *argv, int out, pid_t *ret, struct err *err);

/* Returns its exit status, 128 if a signal ended it, or -errno. */
must_check int tool_wait(pid_t pid, struct err *err);

/*
 * Let immure-tool do something for a run, and wait for it. It gets our environment, standard input
 * and errors, and no signal blocked.
 *
 *   argv  as for `immure`, argv[0] included; NULL-terminated
 *   out   its standard output; -1: ours
 *
 * Returns   its exit status, 128 if a signal ended it, or -errno: it could not be started.
 */
must_check int tool_call(const char *const *argv, int out, struct err *err);

#endif
