/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TREE_COMPARE_H
#define IMMURE_RUNTIME_TREE_COMPARE_H

#include <stdbool.h>

#include "base/err.h"

#define TREE_DIFFERENCE_MAX 248

/*
 * Are two folders the same in everything that a layer sets: names, types, modes, owners, times,
 * links, contents? No link is followed.
 *
 *   dir, path  the one that may be damaged or missing
 *   fresh      the one that is right
 *   range      their files belong to subordinate ids: it is done where they are ours
 *   ret_why    filled when they differ: what, escaped
 *
 * Returns   0 (the same), 1 (they differ), -errno.
 */
must_check int tree_compare(int dir, const char *path, int fresh, bool range,
			    char ret_why[TREE_DIFFERENCE_MAX], struct err *err);

#endif
