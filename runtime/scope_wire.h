/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SCOPE_WIRE_H
#define IMMURE_RUNTIME_SCOPE_WIRE_H

/*
 * Between immure-oci and immure-scope, which alone speaks with systemd. Arguments: BUS VERB UNIT
 *   start SLICE [FILE=VALUE...]  make the scope; an empty SLICE leaves the choice to systemd
 *   set [FILE=VALUE...]          change its limits, named as files of cgroup v2
 *   attach PID                   put a process into it
 *   stop                         end and forget it; none is success
 * with BUS "system" or "user". One answer comes on SCOPE_TALK. After `start` the helper is itself
 * in the scope, which ends with its last process: it stays until that socket is closed.
 */

#include <limits.h>

#include "base/err.h"

enum {
	SCOPE_TALK = 3
}; /* a socket of messages */

struct scope_answer {
	struct err err;        /* code 0: done */
	char cgroup[PATH_MAX]; /* of start: as /proc/self/cgroup has it; always ends in NUL */
};

#endif
