/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_WIRE_H
#define IMMURE_BPF_WIRE_H

/*
 * What immure and immure-tracerd say to one another: messages of one size each, over a
 * SOCK_SEQPACKET socket. Whoever asks sends one request; the connection then stands for the
 * sandbox, and its end tells the daemon that nobody reads any more.
 */

#include "base/err.h"
#include "bpf/calls.h"

#define WIRE_SOCKET "/run/immure/tracerd.sock"
#define WIRE_MAGIC 0x54524d49U /* "IMRT" */
#define WIRE_VERSION 5

enum wire_kind {
	WIRE_TRACE = 1, /* with the pidfd of a task that waits: mark it */
	WIRE_LIST,      /* what of mine is traced? One reply for each, then one with status 0 */
	WIRE_MISSED,    /* what has the kernel left out, and what can you do? See the reply */
	WIRE_RULE,      /* struct wire_rule: one more rule for the sandbox of this connection */
	WIRE_GRANTS,    /* struct wire_grants: what its policy grants by number */
};

/* Messages of other kinds are told apart from a request by their size. */
struct wire_request {
	uint32_t magic;
	uint16_t version;
	uint16_t kind;   /* enum wire_kind */
	uint32_t groups; /* enum tracer_group bits */
	uint32_t zero;
	char name[64]; /* of the run: text_is_id(), padded with NUL */
};

/* Where paths are guarded: all rules come before the first program begins. */
struct wire_rule {
	uint32_t magic;
	uint16_t version;
	uint16_t kind;   /* WIRE_RULE */
	uint32_t access; /* enum tracer_access bits */
	uint32_t length; /* bytes of path that count, its NUL among them where there is one */
	char path[TRACER_GUARD_PATH];
};

/* Until it comes, nothing is granted where calls are guarded. */
struct wire_grants {
	uint32_t magic;
	uint16_t version;
	uint16_t kind; /* WIRE_GRANTS */
	struct tracer_grants grants;
};
#define WIRE_LONGEST sizeof(struct wire_grants)

enum wire_status {
	WIRE_DONE,    /* TRACE: two descriptors come with it, ring and counters */
	WIRE_REFUSED, /* text says why */
	WIRE_ENTRY,   /* LIST: one sandbox; text is its name */
};

enum wire_can {
	WIRE_CAN_GUARD = 1 << 0, /* this daemon can refuse, too */
	WIRE_CAN_HOOK = 1 << 1,  /* calls of lists are told where each of them returns */
};

/* Longer than any version's reply: what another version answers can be read so far as to tell it.
 */
#define WIRE_REPLY_ROOM 1024

struct wire_reply {
	uint32_t magic;
	uint16_t version;
	uint16_t status;     /* enum wire_status */
	uint32_t ring_bytes; /* size of the ring's data */
	uint32_t pid;        /* LIST: its first process */
	uint64_t calls, denied, events, dropped, tasks, alive, sent, received;
	uint64_t missed; /* runs of programs that the kernel left out, whoever they were for */
	uint32_t can;    /* enum wire_can */
	uint32_t want;   /* TRACE, LIST: enum tracer_want bits of the sandbox */
	char text[128];  /* ends with NUL */
};

/* Fill in magic, version, kind; copy name. */
void wire_request_init(enum wire_kind kind, uint32_t groups, const char *name,
		       struct wire_request *ret);

/*
 * Check what somebody sent.
 *
 * Returns   0, or -EBADMSG and the reason; of a reply, -EPROTONOSUPPORT: it is of another version.
 */
must_check int wire_request_decode(const void *bytes, size_t n, struct wire_request *ret,
				   struct err *err);
must_check int wire_rule_decode(const void *bytes, size_t n, struct wire_rule *ret,
				struct err *err);
must_check int wire_grants_decode(const void *bytes, size_t n, struct wire_grants *ret,
				  struct err *err);
must_check int wire_reply_decode(const void *bytes, size_t n, struct wire_reply *ret,
				 struct err *err);

/*
 * Send one message with up to two descriptors (-1: none).
 *
 * Returns   0 or -errno; never raises SIGPIPE, never waits if the socket is non-blocking.
 */
must_check int wire_send(int fd, const void *bytes, size_t n, int first, int second);

/*
 * Receive one message of at most n bytes. Descriptors beyond the two are closed.
 *
 *   fds  set to -1 where there is none; the caller owns them
 *
 * Returns   bytes received (0: the other side has gone), -EMSGSIZE (longer than n), -errno.
 */
must_check ssize_t wire_receive(int fd, void *bytes, size_t n, int fds[2]);

#endif
