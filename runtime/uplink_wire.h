/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UPLINK_WIRE_H
#define IMMURE_RUNTIME_UPLINK_WIRE_H

/*
 * Between launcher and immure-uplink. Arguments: one for each port, as pasta takes them:
 * "tcp=ADDRESS/OUTSIDE:INSIDE". One answer on UPLINK_LIFE: struct err, its code 0 when all is
 * ready. Then nothing; the end of file tells the helper to end.
 */
enum {
	UPLINK_LIFE = 3,   /* a socket */
	UPLINK_USERNS = 4, /* of the sandbox */
	UPLINK_NETNS = 5,
};

#endif
