/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_TREE_COPY_H
#define IMMURE_BASE_TREE_COPY_H

/*
 * Copies of files and folders, from descriptor to descriptor (R1): folders, files with their holes,
 * links as links, pipes; modes without set-id bits, and times. Sockets, devices, further names of a
 * file and extended attributes are not copied.
 *
 * Either side may be changed by somebody hostile at the same time: no name is looked up but in an
 * open folder, no link is followed, and nothing that exists is written into. What they can do is
 * make the copy fail, or have it copy what they could read themselves.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define TREE_COPY_DEPTH 128

struct copy_rules {
	bool keep_owner;  /* as the source has it; else whoever copies owns it */
	bool replace;     /* fill folders that are there, exchange anything else at once */
	uint64_t skipped; /* counted: sockets and devices */
};

/*
 * Copy what a folder holds into an empty one, with owners, and then its own owner, mode and time.
 *
 *   from, to  descriptors of folders, borrowed
 *
 * Returns   0, -ELOOP (deeper than TREE_COPY_DEPTH), -EEXIST, -errno: what was copied so far is
 *           left.
 */
must_check int tree_copy(int from, int to, struct err *err);

/* The same by rules, and the folder that it is copied into stays as it is. */
must_check int tree_copy_contents(int from, int to, struct copy_rules *rules, struct err *err);

/*
 * Copy one entry of a folder.
 *
 *   from, name  a descriptor of a folder, and a name in it
 *   to, as      the same for the copy
 *
 * Returns   as above; -EISDIR, -ENOTDIR (a folder in place of something else, or the other way
 *           round), -ESTALE (it became something else meanwhile).
 */
must_check int tree_copy_entry(int from, const char *name, int to, const char *as,
			       struct copy_rules *rules, struct err *err);

#endif
