/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UPLINK_H
#define IMMURE_RUNTIME_UPLINK_H

/*
 * The way out of a private network, in user mode: immure-uplink, which loads the rules of the
 * sandbox's own network namespace (the workload has no capability over it) and runs pasta(1).
 */

#include <sys/types.h>

#include "base/err.h"
#include "sandbox/plan.h"

/* An uplink that was not started is { -1, -1 }. */
struct uplink {
	pid_t pid;
	int life; /* it ends when this is closed, so also when we are killed */
};

/*
 * Start it and wait until it carries packets.
 *
 *   plan  NETWORK_PRIVATE, else nothing is done
 *   pid   process 1 of the sandbox, its ids mapped, not yet undumpable
 *   ret   set in any case; ended by uplink_stop()
 *
 * Returns   0, or -errno: the helper's own words (pasta is missing, a port is taken, no rules).
 */
must_check int uplink_start(const struct plan *plan, pid_t pid, struct uplink *ret,
			    struct err *err);

/* A no-op on an uplink that was not started. */
void uplink_stop(struct uplink *uplink);

#endif
