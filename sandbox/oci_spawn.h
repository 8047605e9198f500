/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_SPAWN_H
#define IMMURE_SANDBOX_OCI_SPAWN_H

#include <sys/types.h>

#include "base/err.h"
#include "sandbox/oci_confine.h"
#include "sandbox/oci_plan.h"

/* In which namespaces and cgroup the child begins its life. */
struct oci_spawn {
	uint64_t new_flags;     /* CLONE_NEW* for new ones, but for time and cgroup */
	int join[OCI_NS_COUNT]; /* descriptors of namespaces to join; -1: none */
	int target;             /* pidfd of a process whose namespaces are joined; -1: none */
	uint64_t target_flags;  /* which of them */
	int cgroup;             /* folder of a v2 cgroup; -1: stay */
	bool new_time;
	bool shared; /* the child's descriptors are the caller's, too; its parent is the caller's */
	struct oci_pairs time_offsets;
};

/*
 * As fork(2): returns 0 in the child. With namespaces to join, a process in between joins them, so
 * that the caller itself never enters a container.
 *
 * Shared, the child is a sibling of the caller, who must be a child of the creator; the creator
 * waits by oci_spawn_await().
 *
 *   page  shared; zeroed
 *
 * Returns   the child's number, 0 in the child, -errno.
 */
must_check pid_t oci_spawn(const struct oci_spawn *spawn, struct oci_page *page, struct err *err);

/*
 * In the creator: wait until its child `monitor` has made the container's process.
 *
 * Returns   its number, -errno.
 */
must_check pid_t oci_spawn_await(pid_t monitor, struct oci_page *page, struct err *err);

/* A shared page, or NULL. */
struct oci_page *oci_page_new(void);

/* True if processes may be made in that cgroup: rights in a folder above both are needed, too. */
bool oci_spawn_can_enter(int cgroup);

/*
 * Write the id maps of the child's new user namespace: directly where we may, else by newuidmap.
 *
 *   pid  waits in its namespace
 */
must_check int oci_idmaps_write(const struct oci_plan *plan, pid_t pid, struct err *err);

#endif
