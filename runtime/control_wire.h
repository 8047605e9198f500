/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CONTROL_WIRE_H
#define IMMURE_RUNTIME_CONTROL_WIRE_H

/*
 * What a detached run's monitor is asked over CONTROL_SOCKET in the run's folder (SOCK_SEQPACKET):
 * one message of fixed size, one answer. The peer must be the monitor's own user, or root.
 */

#include <assert.h>
#include <stdint.h>

#include "base/err.h"

#define CONTROL_SOCKET "control"
#define CONTROL_VERSION 2

enum control_op {
	CONTROL_SIGNAL, /* send `argument` to the program; the answer comes at once */
	CONTROL_WAIT, /* the answer comes when the record is sealed; `result` is the exit status */
	/*
	 * One more program: no answer; the next message is a request of sandbox/enter.h with its
	 * descriptors, and reports follow. CONTROL_SIGNAL goes to that program from then on, and
	 * has no answer.
	 */
	CONTROL_ENTER,
	CONTROL_OP_COUNT
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

/* After CONTROL_ENTER: one when it runs or why it does not, one when it has ended. */
struct control_report {
	uint32_t version;
	uint32_t event; /* enum enter_event; with ENTER_RUNNING comes the terminal's master */
	int32_t status; /* exit status */
	uint32_t reserved;
	struct err err;
};
static_assert(sizeof(struct control_report) == 272, "no padding");

#endif
