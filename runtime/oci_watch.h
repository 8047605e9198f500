/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_WATCH_H
#define IMMURE_RUNTIME_OCI_WATCH_H

/*
 * The monitor of a container with a policy: one small process beside it, outside of all that is
 * the container's, which answers the calls that the policy refuses and keeps the record of the run.
 * It is made by `create`, and ends with the container. There is no other process of ours.
 *
 * Creator, monitor and container's process are parent and two siblings. The latter two share one
 * table of descriptors until the container's program is executed, so that the listener of the
 * policy's filter need not be sent, which that filter might refuse.
 */

#include <sys/types.h>

#include "runtime/oci_state.h"
#include "runtime/policy_cache.h"
#include "sandbox/oci_spawn.h"

struct oci_watch {
	const struct oci_plan *plan;
	const struct policy_loaded *policy;
	struct oci_child_fds *fds; /* of the container's process; `monitor` is filled in */
	struct oci_spawn *spawn;
	struct oci_page *page;
	int dir;    /* ROOT/ID */
	int told;   /* the creator's end of a pair: not the monitor's to keep */
	int cgroup; /* folder of the container's cgroup, or -1 */
};

/*
 * Make the monitor, and by it the container's process.
 *
 *   ret_pid  set as soon as there is a process of the container's, on failure too
 *
 * Returns   0, -errno. Neither monitor nor container's process returns.
 */
must_check int oci_watch_start(const struct oci_watch *watch, pid_t *ret_pid, struct err *err);

#define OCI_WATCH_ARGV_MAX 1024

/* What exec tells the monitor of a process that it adds, with the listener of its filter. */
struct oci_watch_entry {
	uint32_t n; /* of argv: words, each ended by NUL */
	int32_t pid;
	char argv[OCI_WATCH_ARGV_MAX];
};

/*
 * One message as it came in.
 *
 * Returns   0, -EPROTO (another size, no process, words that do not end). Pure.
 */
must_check int oci_watch_entry_read(const void *bytes, size_t n, struct oci_watch_entry *ret);

/* Connect to the monitor of a container. Returns a descriptor, or -errno when there is none. */
must_check int oci_watch_connect(int dir, struct err *err);

/*
 * In exec: make a helper and by it the new process, whose listener the helper hands over.
 *
 *   to  of oci_watch_connect()
 */
must_check int oci_watch_enter(const struct oci_watch *watch, const struct oci_process *process,
			       int to, pid_t *ret_pid, struct err *err);

/* Wait a moment for the record to be complete. */
void oci_watch_await_end(int dir);

#endif
