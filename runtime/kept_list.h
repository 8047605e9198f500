/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_KEPT_LIST_H
#define IMMURE_RUNTIME_KEPT_LIST_H

/* Kept layers as the verbs find, list and remove them. */

#include "runtime/kept.h"

/*
 * What people mean by RUN: the newest kept layer of that name; "last", the newest of all; an id, or
 * its unique beginning or end.
 *
 * Returns   0, -ENOENT, -EINVAL (several fit; they are named).
 */
must_check int kept_find(const struct store *store, const char *which, struct arena *arena,
			 const char **ret, struct err *err);

/* The ids of all, oldest first. Returns how many. */
must_check int kept_list(const struct store *store, struct arena *arena, const char ***ret,
			 struct err *err);

/*
 * Without making a store where there is none: the ids of all, oldest first, NULL-terminated.
 *
 * Returns   a descriptor of their folder; -ENOENT without a word in err.
 */
must_check int kept_look(struct arena *arena, const char ***ret, struct err *err);
bool kept_is_there(const char *id);

/* Returns 0, -ENOENT (there is none), -EBUSY (in use), -errno. */
must_check int kept_remove(const struct store *store, const char *id, struct err *err);

/* The same for `immure rm`, without a store where there is none; 0 if nothing was kept. */
must_check int kept_remove_of_run(const char *id, struct err *err);

/* All that are not in use. Returns how many. */
must_check int kept_remove_all(const struct store *store, struct err *err);

#endif
