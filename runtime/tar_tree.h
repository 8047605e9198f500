/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TAR_TREE_H
#define IMMURE_RUNTIME_TAR_TREE_H

/*
 * Folders as pax archives: names in order, so that the same tree gives the same bytes. It goes from
 * descriptor to descriptor, follows no link and parses nothing, whoever made the tree (R1).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/procfs.h"

struct tar_rules {
	/*
	 * The tree is what overlayfs wrote, and a layer is wanted: its whiteouts and opaque folders
	 * as OCI has them, a file with several names once, user.* attributes kept. A name that
	 * means a whiteout in an archive is refused.
	 */
	bool layer;
	bool one_owner; /* everything belongs to 0 */
	size_t n_uid, n_gid;
	const struct proc_idmap *uids, *gids; /* else owners as they are inside of these */
	bool has_newest;
	int64_t newest; /* what is newer gets this time */
};

/*
 * Write all that is below a folder. Sockets and devices are left out. Without rules: owners as they
 * are, a file with several names once for each, no extended attributes.
 *
 *   dir    descriptor
 *   out    descriptor
 *   rules  or NULL
 *
 * Returns   0, -EACCES, -ELOOP (too deep), -ESTALE (a file got shorter meanwhile), -EINVAL (a name
 *           that no layer can hold), -errno.
 */
must_check int tar_write_tree(int dir, int out, const struct tar_rules *rules, struct err *err);

/*
 * The same for one file or folder, which is called `as` in the archive.
 *
 *   at, name  where it is; the last component is no link that is followed
 */
must_check int tar_write_one(int at, const char *name, const char *as, int out,
			     const struct tar_rules *rules, struct err *err);

#endif
