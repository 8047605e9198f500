/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_OPEN_H
#define IMMURE_SANDBOX_OCI_OPEN_H

#include "base/err.h"
#include "sandbox/oci_confine.h"
#include "sandbox/oci_plan.h"

/*
 * Before anything of the container runs: open everything of the host that its bundle names, as
 * detached and restricted trees (R1, R2). In the creator, with its rights; for an ordinary user in
 * the child.
 *
 *   cgroup_dir  folder of the container's cgroup, or -1
 *   arena       owns the list of mounts
 *   ret         root, mounts, proc and cgroup_tree are filled; what was opened stays open until
 *               the process ends
 */
must_check int oci_open_all(const struct oci_plan *plan, int cgroup_dir, struct arena *arena,
			    struct oci_child_fds *ret, struct err *err);

/* The host's /proc, verified. Returns a descriptor. */
must_check int oci_open_proc(struct err *err);

/* Namespaces to join, into join[]: -1 where there is none. */
must_check int oci_open_namespaces(const struct oci_plan *plan, int join[OCI_NS_COUNT],
				   struct err *err);

/* A Unix socket connected to a path of any length. Returns a descriptor. */
must_check int oci_connect(const char *path, int type, struct err *err);

/*
 * /proc/self/exe is to be a file that nobody can write through it, not even root of the host inside
 * a container (CVE-2019-5736): if it is not, run again from a read-only, detached mount.
 *
 * Returns   0 when there is nothing to do; else it does not return, or -errno.
 */
must_check int oci_protect_self(char *const argv[], struct err *err);

#endif
