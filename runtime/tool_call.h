/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TOOL_CALL_H
#define IMMURE_RUNTIME_TOOL_CALL_H

#include "base/err.h"

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
