/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_PREEMPT_H
#define IMMURE_BPF_PREEMPT_H

/* Is a program at the end of a function as sure to be run as one at a tracepoint? Pure. */

#include <stdbool.h>

#include "base/text.h"

/*
 * Up to Linux 6.18, programs at tracepoints cannot be preempted. Those at functions can, where the
 * kernel can at all; a second task that comes by there on the same processor meanwhile is left out.
 *
 *   release  uname(2)
 *   version  uname(2): says whether the kernel was built preemptible
 *   cmdline  /proc/cmdline: preempt= decides where that is left to it
 *   config   the kernel's configuration, or nothing: what it is otherwise
 *
 * Returns   true if it may be so, or if nobody can tell.
 */
bool preempt_leaves_out(const char *release, const char *version, struct span cmdline,
			struct span config);

#endif
