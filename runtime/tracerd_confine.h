/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TRACERD_CONFINE_H
#define IMMURE_RUNTIME_TRACERD_CONFINE_H

/* How the daemon gives up what it does not need. Changes this process for good. */

#include <stdint.h>

#include "base/err.h"

/*
 * Become another user with CAP_BPF and CAP_PERFMON and nothing else, in all sets and for ever. As
 * another user than root already: drop all but these two.
 */
must_check int tracerd_drop_apply(uint32_t uid, uint32_t gid, struct err *err);

/* Last: only the system calls of the loop are left; any other one ends the process. */
must_check int tracerd_filter_apply(struct err *err);

#endif
