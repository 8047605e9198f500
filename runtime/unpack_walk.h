/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_WALK_H
#define IMMURE_RUNTIME_UNPACK_WALK_H

/* Paths below the folder of a layer: no link is followed, nothing above is reached (R1). */

#include <stdint.h>

#include "base/cleanup.h"

/*
 * Open what is there.
 *
 *   path   relative, without "." and ".."; "." alone is the folder itself
 *   flags  as open(2); O_CLOEXEC is added
 *
 * Returns   a descriptor, -ELOOP (a link on the way or at the end), -errno.
 */
must_check int walk_open(int root, const char *path, uint64_t flags);

/*
 * Make every folder of path that is missing, 0755: those that a layer does not name.
 *
 * Returns   0, -ENAMETOOLONG (too deep), -ELOOP, -errno.
 */
must_check int walk_make(int root, const char *path);

#endif
