/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LAUNCHER_CALL_H
#define IMMURE_RUNTIME_LAUNCHER_CALL_H

#include "base/arena.h"
#include "base/err.h"

/*
 * Call `immure` and wait for it.
 *
 *   argv     argv[0] is "immure"; NULL-terminated
 *   in, out  its standard input and output; -1: ours
 *
 * Returns   its exit status (128 + n for signal n), or -errno.
 */
must_check int launcher_call(const char *const *argv, int in, int out, struct arena *arena,
			     struct err *err);

#endif
