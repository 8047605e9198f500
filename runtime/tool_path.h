/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TOOL_PATH_H
#define IMMURE_RUNTIME_TOOL_PATH_H

#include "base/arena.h"
#include "base/err.h"

/* The path of our own program, or NULL if the kernel does not tell. In arena. */
const char *own_path(struct arena *arena);

/*
 * Where a helper program such as "immure-tool" is: beside our own program (in a build folder), else
 * where it was installed. NULL only when out of memory.
 */
const char *helper_path(struct arena *arena, const char *name);
const char *tool_path(struct arena *arena); /* of immure-tool */

/*
 * The part of our environment that a helper is to see.
 *
 *   names  n variables; those that are not set are left out
 *   ret    n + 1 places; ends with NULL. In arena
 *
 * Returns   0 or -ENOMEM.
 */
must_check int helper_environment(struct arena *arena, const char *const *names, size_t n,
				  char **ret, struct err *err);

/* Where immure itself and immure-probe are, looked for in the same way. */
const char *launcher_path(struct arena *arena);
const char *probe_path(struct arena *arena);

#endif
