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
#define CONTROL_VERSION 3

enum control_op {
	CONTROL_SIGNAL, /* send `argument` to the program; the answer comes at once */
	CONTROL_WAIT, /* the answer comes when the record is sealed; `result` is the exit status */
	/*
	 * One more program: no answer; the next message is a request of sandbox/enter.h with its
	 * descriptors, and reports follow. CONTROL_SIGNAL goes to that program from then on, and
	 * has no answer.
	 */
	CONTROL_ENTER,
	CONTROL_STOP,    /* send `argument`; when the program has ended it is not started again */
	CONTROL_RESTART, /* send `argument`; when the program has ended it is started again */
	CONTROL_PAUSE,   /* freeze the sandbox's cgroup; -ENOTSUP without one */
	CONTROL_UNPAUSE,
	CONTROL_STATE, /* the answer is a struct control_state */
	/*
	 * See what the program writes from now on: `result` has flags of enum control_attach_flag,
	 * and messages follow that begin with a struct control_output. What the client sends then,
	 * up to CONTROL_INPUT_MAX bytes each, is the program's input.
	 */
	CONTROL_ATTACH,
	CONTROL_RESIZE, /* of the program's terminal: `argument` is rows << 16 | columns */
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

/* What only the monitor knows. */
struct control_state {
	uint32_t version;
	uint32_t starts;   /* of the program: 1 unless it was started again */
	uint32_t health;   /* enum health_state */
	uint32_t failures; /* of the health check, in a row */
	int32_t first;     /* process 1 as the host numbers it; 0 between two starts */
	int32_t program;
	uint32_t entered;   /* programs that came later and are there */
	uint32_t flags;     /* enum control_flag */
	int64_t started_ms; /* since 1970: the last start */
};
static_assert(sizeof(struct control_state) == 40, "no padding");

enum control_flag {
	CONTROL_IS_WAITING = 1 << 0, /* between two starts */
	CONTROL_IS_PAUSED = 1 << 1,
};

enum control_attach_flag {
	CONTROL_TAKES_INPUT = 1 << 0,
	CONTROL_HAS_TERMINAL = 1 << 1,
};

enum control_stream {
	CONTROL_STDOUT = 1, /* with a terminal all is this */
	CONTROL_STDERR = 2,
	CONTROL_ENDED = 3, /* the last message: `status` is the exit status */
};

#define CONTROL_INPUT_MAX 4096
#define CONTROL_OUTPUT_MAX 8192 /* bytes behind the head */

struct control_output {
	uint32_t stream; /* enum control_stream */
	int32_t status;
};
static_assert(sizeof(struct control_output) == 8, "no padding");

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
