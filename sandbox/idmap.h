/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_IDMAP_H
#define IMMURE_SANDBOX_IDMAP_H

#include <sys/types.h>

#include "base/err.h"
#include "sandbox/plan.h"

/*
 * In the supervisor: write the id maps of a new user namespace that its process does not write
 * itself (IDMAP_HELPER, IDMAP_ROOT).
 *
 *   pid  first process of the namespace, which waits
 *
 * Effects   starts newuidmap and newgidmap, or writes /proc/PID/uid_map and gid_map
 */
must_check int idmap_write(const struct plan_ids *ids, pid_t pid, struct err *err);
/* In the process itself, for IDMAP_SELF: its own id under another number. */
must_check int idmap_write_self(const struct plan_ids *ids, struct err *err);

/* The id that one inside has outside, and the other way; UINT32_MAX if it is not mapped. */
uint32_t idmap_outside(const struct proc_idmap *maps, size_t n, uint32_t inside);
uint32_t idmap_inside(const struct proc_idmap *maps, size_t n, uint32_t outside);

/* A descriptor of the user namespace of a process. */
must_check int idmap_open_userns(pid_t pid, struct err *err);

/* A user namespace with one line of map each, for an id-mapped mount. As root only. */
must_check int idmap_make_userns(const struct proc_idmap *uid, const struct proc_idmap *gid,
				 struct err *err);

/*
 * A detached clone of an opened directory whose owners are mapped. As root only.
 *
 *   source  O_PATH descriptor in our own mount namespace
 *   userns  ids on disk are ids inside it, and are shown as the ids outside
 *
 * Source    mount_setattr(2), "ID-mapped mounts"
 */
must_check int idmap_clone_mount(int source, int userns, struct err *err);

#endif
