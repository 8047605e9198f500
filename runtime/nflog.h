/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_NFLOG_H
#define IMMURE_RUNTIME_NFLOG_H

/*
 * Refused packets as the kernel announces them to a group (nfnetlink_log): their heads alone. The
 * workload made the packets, so every length is checked.
 */

#include <stddef.h>

#include "base/err.h"
#include "runtime/uplink_wire.h"

#define NFLOG_MAX_BYTES 16384

/*
 * Join a group, in the network namespace of the caller, which needs CAP_NET_ADMIN over it.
 *
 * Returns   a descriptor that does not block, or -errno (-EPROTONOSUPPORT: no nfnetlink_log).
 */
must_check int nflog_open(uint16_t group, struct err *err);

/*
 * What one datagram from the group announces.
 *
 *   bytes  4-byte aligned; may be anything
 *   ret    room for max messages, each of kind UPLINK_REFUSED
 *
 * Returns   how many were filled in. What is no TCP, UDP or other packet of IP is left out.
 * Source    linux/netfilter/nfnetlink_log.h, RFC 791, RFC 8200
 */
size_t nflog_parse(const void *bytes, size_t n, struct uplink_message *ret, size_t max);

#endif
