/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TRACERD_PEER_H
#define IMMURE_RUNTIME_TRACERD_PEER_H

/* May this peer have that task traced? What the daemon asks before it does anything. */

#include <stdbool.h>

#include "base/err.h"
#include "base/procfs.h"

/* Who is at the other end of a connection. */
struct peer {
	uint32_t uid;
	int pidfd; /* of the process that connected; the owner closes it */
};

/*
 * Learn who connected.
 *
 *   ret  the caller closes ret->pidfd
 *
 * Returns   0, or -EPERM when that process is not one that we can see any more.
 */
must_check int peer_identify(int connection, struct peer *ret, struct err *err);

/*
 * May somebody with this uid have a task of this state traced? Pure.
 *
 *   range  the subordinate ids of that uid; count 0: none
 *
 * Returns   0, or -EPERM and the reason.
 */
must_check int peer_may_trace(uint32_t uid, const struct proc_idmap *range,
			      const struct proc_status *task, struct err *err);

/*
 * All of it: read the task's state through its pidfd and judge it.
 *
 *   ret_pid  the task's number as we see it
 *
 * Returns   0, -EPERM (not his), -ESRCH (gone), -EBADMSG (not a pidfd).
 */
must_check int peer_check_task(const struct peer *peer, int pidfd, uint32_t *ret_pid,
			       struct err *err);

#endif
