/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_ENTER_H
#define IMMURE_SANDBOX_ENTER_H

/*
 * One more program in a sandbox that runs: `immure exec`, health checks. Process 1 makes it, whose
 * child it is as the first program was. So it has by descent what the first one has (namespaces,
 * root, ids, no capability, no_new_privs, Landlock domain, LSM label, limits, cgroup, keyring), and
 * nobody from outside ever enters (R6). The same filter follows as the last thing before execve(2).
 *
 * Process 1 is asked over a socket pair (SOCK_SEQPACKET) whose other end its monitor has.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "sandbox/plan.h"

#define ENTER_MAX 65536       /* bytes of a request, texts included */
#define ENTER_MAX_PROGRAMS 16 /* at once */

enum enter_flag {
	ENTER_TTY = 1 << 0,     /* a terminal of the sandbox's own on 0, 1 and 2 */
	ENTER_WORKDIR = 1 << 1, /* the folder is given; else it is the first program's */
	ENTER_STAYS = 1 << 2,   /* for the monitor: it goes on when who asked is gone */
};

/*
 * Followed by texts, each with its NUL: the program and its arguments, variables "NAME=VALUE", the
 * folder. With it come descriptors 0, 1 and 2 of the program, or none with ENTER_TTY.
 */
struct enter_request {
	uint32_t id;            /* repeated in reports */
	uint32_t flags;         /* enum enter_flag */
	uint32_t n_args;        /* 1 or more */
	uint32_t n_env;         /* in addition to the first program's */
	uint16_t rows, columns; /* of its terminal; 0: nobody knows, or it has none */
};
static_assert(sizeof(struct enter_request) == 20, "no padding");

/* How long a new process waits for leave to execute, and is kept until it was looked at. */
#define ENTER_WAIT_MS 10000

enum enter_event {
	/*
	 * It is what it will be but for the filter, and waits; descriptors: pidfd, and the socket
	 * on which one message gives it leave. Closed without one, it fails. Ended, it stays a
	 * zombie until this socket is closed: its label can be read so long.
	 */
	ENTER_READY,
	ENTER_RUNNING, /* it has executed; descriptors: listener and master if any */
	ENTER_FAILED,  /* err says why */
	ENTER_ENDED,   /* wait_status, as wait(2) has it */
};

enum enter_has {
	ENTER_HAS_LISTENER = 1 << 0,
	ENTER_HAS_MASTER = 1 << 1,
};

struct enter_report {
	uint32_t id;
	uint32_t event; /* enum enter_event */
	uint32_t has;   /* enum enter_has */
	int32_t wait_status;
	struct err err;
};

/* The texts of a request, in place. */
struct enter_texts {
	const char **args; /* NULL-terminated */
	const char **env;  /* NULL-terminated */
	const char *workdir;
};

/*
 * Check a request and find its texts.
 *
 *   bytes  borrowed by *ret
 *   ret    arrays in arena
 *
 * Returns   0, -EINVAL (lengths or counts do not fit, a variable without a name, an unknown flag, a
 *           folder that is not absolute), -ENOMEM.
 */
must_check int enter_decode(const void *bytes, size_t n, struct arena *arena,
			    struct enter_request *ret_request, struct enter_texts *ret,
			    struct err *err);

/* Append a request to *out. Returns 0, -E2BIG, -ENOMEM. */
must_check int enter_encode(const struct enter_request *request, const struct enter_texts *texts,
			    struct strbuf *out, struct err *err);

/*
 * In process 1: make what is asked for, reap, report; until the supervisor ends us.
 *
 *   socket   the only descriptor that is left
 *   program  the first one; it stays a zombie until the supervisor has looked at it
 */
_Noreturn void enter_serve(const struct plan *plan, int socket, pid_t program);

#endif
