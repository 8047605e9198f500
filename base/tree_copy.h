/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_TREE_COPY_H
#define IMMURE_BASE_TREE_COPY_H

#include "base/err.h"

#define TREE_COPY_DEPTH 128

/*
 * Copy what a folder holds into an empty one, and then its own owner, mode and time: folders,
 * files with their holes, links as links, pipes. Owners, modes without set-id bits and times are
 * kept; sockets, devices, further names of a file and extended attributes are not. By descriptor,
 * and no link is followed on either side.
 *
 *   from, to  descriptors of folders, borrowed
 *
 * Returns   0, -ELOOP (deeper than TREE_COPY_DEPTH), -errno: what was copied so far is left.
 */
must_check int tree_copy(int from, int to, struct err *err);

#endif
