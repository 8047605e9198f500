/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LABEL_TREE_H
#define IMMURE_RUNTIME_LABEL_TREE_H

/* Volumes under SELinux: what a sandbox may use has a label of ours on disk. */

#include "sandbox/plan.h"

/*
 * Label the volumes of a plan that ask for it, and named volumes that have no label yet. A no-op
 * for a plan without SELinux.
 *
 * Returns   0, -EINVAL (a folder that belongs to more than a sandbox: /, a home, /etc ...), or of
 *           open(2), setxattr(2): somebody else's file is in it.
 * Effects   the labels stay. No link is followed, and nothing is opened but folders.
 */
must_check int label_volumes(const struct plan *plan, const char *home, struct err *err);

/* One tree. Skipped if its top has the label, which it is given last. */
must_check int label_tree(const char *path, const char *label, struct err *err);

#endif
