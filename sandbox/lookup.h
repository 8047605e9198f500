/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_LOOKUP_H
#define IMMURE_SANDBOX_LOOKUP_H

#include <limits.h>

#include "base/err.h"

/*
 * Find the program as execvp(3) would, in our root as it is now, before the filter is on.
 *
 *   name  with a slash: taken as it is; else looked up in the PATH of env
 *   env   NULL-terminated "NAME=VALUE"
 *   ret   filled only on success
 *
 * Returns   a descriptor of the file that was found (O_PATH), -ENOENT (exit 127), -EACCES (exit
 * 126), -ENAMETOOLONG. Stage ERR_EXEC.
 */
must_check int lookup_program(const char *name, const char *const *env, char ret[PATH_MAX],
			      struct err *err);

#endif
