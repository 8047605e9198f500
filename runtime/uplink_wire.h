/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UPLINK_WIRE_H
#define IMMURE_RUNTIME_UPLINK_WIRE_H

/*
 * Between launcher and immure-uplink. Arguments: one for each port, as pasta takes them:
 * "tcp=ADDRESS/OUTSIDE:INSIDE". On UPLINK_LIFE the launcher sends the length of the table (32 bits)
 * and its text, and gets one answer: struct err, its code 0 when all is ready. Then messages come,
 * of one size. When the launcher sends no more (shutdown), the counters come, and UPLINK_END; the
 * end of file tells the helper to end.
 */

#include <stdint.h>

enum {
	UPLINK_LIFE = 3,   /* a socket */
	UPLINK_USERNS = 4, /* of the sandbox */
	UPLINK_NETNS = 5,
};

#define UPLINK_TABLE_MAX ((uint32_t)4 << 20)

enum uplink_kind {
	UPLINK_REFUSED, /* a packet: where from, where to */
	UPLINK_COUNTER, /* `rule`, packets, bytes */
	UPLINK_END,     /* all counters were sent */
};

/* Numbers of counters that belong to no rule. */
#define UPLINK_REFUSED_OUT UINT32_MAX
#define UPLINK_REFUSED_IN (UINT32_MAX - 1)

struct uplink_message {
	uint32_t kind; /* enum uplink_kind */
	uint32_t rule;
	uint64_t packets, bytes;
	uint8_t in; /* refused on its way in */
	uint8_t v6;
	uint8_t protocol; /* IPPROTO_* */
	uint8_t has_ports;
	uint16_t from_port; /* host order */
	uint16_t to_port;
	uint8_t from[16], to[16]; /* the first 4 for IPv4 */
};

#endif
