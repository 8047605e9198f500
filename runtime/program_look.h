/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PROGRAM_LOOK_H
#define IMMURE_RUNTIME_PROGRAM_LOOK_H

/* What a program's file says of itself, to begin a policy with. */

#include "base/arena.h"
#include "base/err.h"
#include "policies/program_head.h"
#include "policies/program_imports.h"

struct program_look {
	enum program_kind kind;
	struct span interpreter; /* of a script; in arena */
	struct program_imports imports;
};

/*
 * Look at it.
 *
 *   fd    open for reading
 *   path  how messages call it
 *
 * Returns   0, -EINVAL (not a regular file), -errno.
 * Effects   reads the file; of one above PROGRAM_MAX_BYTES only the head counts
 */
must_check int program_look(int fd, const char *path, struct arena *arena, struct program_look *ret,
			    struct err *err);

#endif
