/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_ENV_H
#define IMMURE_RUNTIME_RUN_ENV_H

#include "runtime/run_options.h"

/*
 * The environment of the workload: PATH and HOME, TERM with a terminal, and what was named; a later
 * one replaces an earlier one.
 *
 *   request  env: NULL-terminated "NAME=VALUE", in arena; home_is_default
 *
 * Returns   0, or -EINVAL (not a name, a NUL or newline in an env file), -errno of a file, -ENOMEM.
 */
must_check int run_env(const struct run_options *options, const struct run_caller *caller,
		       struct arena *arena, struct plan_request *request, struct err *err);

#endif
