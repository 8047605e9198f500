/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_ENV_H
#define IMMURE_RUNTIME_RUN_ENV_H

#include "runtime/run_options.h"

/*
 * The environment of the workload: PATH and HOME, TERM with a terminal, and what was named; a later
 * one replaces an earlier one.
 *
 *   ret  NULL-terminated "NAME=VALUE"; in arena
 *
 * Returns   0, or -EINVAL (not a name, a NUL or newline in an env file), -errno of a file, -ENOMEM.
 */
must_check int run_env(const struct run_options *options, const struct run_caller *caller,
		       struct arena *arena, const char *const **ret, struct err *err);

#endif
