/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CONTROL_WIRE_H
#define IMMURE_RUNTIME_CONTROL_WIRE_H

/*
 * What a detached run's monitor is asked over CONTROL_SOCKET in the run's folder (SOCK_SEQPACKET):
 * one message of fixed size, one answer. The peer must be the monitor's own user, or root.
 */

#include <assert.h>
#include <stdint.h>

#define CONTROL_SOCKET "control"
#define CONTROL_VERSION 1

enum control_op {
	CONTROL_SIGNAL, /* send `argument` to the program; the answer comes at once */
	CONTROL_WAIT, /* the answer comes when the record is sealed; `result` is the exit status */
};

struct control_request {
	uint32_t version; /* CONTROL_VERSION */
	uint32_t op;      /* enum control_op */
	uint32_t argument;
	uint32_t reserved; /* 0 */
};
static_assert(sizeof(struct control_request) == 16, "no padding");

struct control_answer {
	uint32_t version;
	int32_t result; /* 0 or more, or a negative errno */
};
static_assert(sizeof(struct control_answer) == 8, "no padding");

#endif
