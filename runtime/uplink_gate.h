/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UPLINK_GATE_H
#define IMMURE_RUNTIME_UPLINK_GATE_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Start the process that holds the table of a private network: it enters the sandbox's namespaces,
 * which it cannot leave again, loads the table, announces what is refused on UPLINK_LIFE, and tells
 * the counters when the launcher has no more to say.
 *
 *   table  as nft(8) reads it
 *   ret    the process, set on success
 *
 * Returns   0 once the table is in place, or -errno with the kernel's or nftables' words.
 */
must_check int uplink_gate_start(const char *table, pid_t *ret, struct err *err);

#endif
