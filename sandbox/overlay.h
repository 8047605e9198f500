/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OVERLAY_H
#define IMMURE_SANDBOX_OVERLAY_H

/*
 * An overlay over directories, as the root of a run or to look at one. overlayfs takes names only,
 * so all of it is attached below one tmpfs of ours, under names of ours. Source:
 * Documentation/filesystems/overlayfs.rst, "userxattr".
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Below a kept folder: what overlayfs writes to, and what it needs for that. */
#define OVERLAY_UPPER "upper"
#define OVERLAY_WORK "work"

/* Attach a directory: number 0 is the lowest. The tree is detached. */
must_check int overlay_attach(int scratch, size_t index, int tree, struct err *err);

/*
 * Mount the overlay, detached, without set-id bits and devices.
 *
 *   n     directories are attached, 1 or more
 *   kept  detached tree with OVERLAY_UPPER and OVERLAY_WORK, which is attached, too; or -1: what is
 *         written lies in scratch and is thrown away
 *   label of all that is seen through it, for SELinux; NULL: each file has its own
 *
 * Returns   a descriptor, or -errno.
 * Effects   the working folder is scratch.
 */
must_check int overlay_make(int scratch, size_t n, int kept, const char *label, struct err *err);

/* What a run has written, laid on its image again; all paths absolute. */
struct overlay_view {
	size_t n_layers;
	const char *const *layers; /* the lowest first */
	const char *kept;          /* the folder of OVERLAY_UPPER and OVERLAY_WORK */
	const char *upper;         /* the first of them itself */
	bool writable;             /* else nothing of it is changed in any way */
};

/*
 * Mount it where nobody else sees it.
 *
 * Returns   a descriptor of the mount, or -errno.
 * Effects   a mount namespace for this process, in which /proc is hidden; the working folder
 */
must_check int overlay_view_apply(const struct overlay_view *view, struct err *err);

#endif
