/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_CGROUP_H
#define IMMURE_SANDBOX_OCI_CGROUP_H

/*
 * The container's cgroup in the v2 tree: at /sys/fs/cgroup, or beside v1 hierarchies at
 * /sys/fs/cgroup/unified, where it can kill, freeze and count but has few controllers.
 * Source: Documentation/admin-guide/cgroup-v2.rst
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "sandbox/oci_plan.h"

struct oci_cgroup {
	const char *path; /* absolute path of the folder on the host, or NULL: none */
	int dir;          /* its descriptor, or -1 */
	bool hybrid;      /* beside v1 hierarchies: limits are theirs, and not ours to set */
};

/*
 * Where the container's cgroup is to be.
 *
 *   ret  NULL when there is no v2 tree
 *
 * Returns   0, -EINVAL (".." in it), -ENOMEM.
 */
must_check int oci_cgroup_path(const struct oci_plan *plan, struct arena *arena, const char **ret,
			       bool *ret_hybrid, struct err *err);

/* Where a cgroup is, from what /proc/PID/cgroup has of it. Returns 0, -ENOTSUP (no v2 tree). */
must_check int oci_cgroup_place(const char *below, struct arena *arena, const char **ret,
				bool *ret_hybrid, struct err *err);

/*
 * Make it and set its limits. What the machine cannot give is an error as root, and a note where
 * there is no v2 controller at all or where an ordinary user has no delegation.
 *
 *   path  of oci_cgroup_path()
 *   note  filled with what is lost, or NULL
 */
must_check int oci_cgroup_make(const struct oci_plan *plan, const char *path, bool hybrid,
			       struct oci_cgroup *ret, const char **ret_note, struct err *err);

/* The same for one that somebody has made for it. */
must_check int oci_cgroup_take(const struct oci_plan *plan, const char *path, bool hybrid,
			       struct oci_cgroup *ret, const char **ret_note, struct err *err);

/* Open one that is there. Returns a descriptor, or -ENOENT. */
must_check int oci_cgroup_open(const char *path);

/* Write limits: of create and of update. */
must_check int oci_cgroup_set(int dir, const struct oci_pairs *files, struct err *err);

/* Allow only these devices, by a BPF program. Returns 0, -EPERM when we may not. */
must_check int oci_cgroup_allow_devices(int dir, const struct oci_resources *resources,
					struct err *err);

/* Freeze or thaw, and wait until it is so. */
must_check int oci_cgroup_freeze(int dir, bool freeze, struct err *err);
bool oci_cgroup_is_frozen(int dir);

/* Signal everybody inside; SIGKILL by cgroup.kill. */
must_check int oci_cgroup_kill(int dir, int sig, struct err *err);

/* The numbers of the processes inside, its children's too. Owned by the arena. */
must_check int oci_cgroup_pids(int dir, struct arena *arena, pid_t **ret, size_t *ret_n,
			       struct err *err);

/* Kill what is inside, wait for its end, remove it and what it holds. Absent is success. */
must_check int oci_cgroup_remove(const char *path, struct err *err);

#endif
