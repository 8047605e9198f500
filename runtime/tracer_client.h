/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TRACER_CLIENT_H
#define IMMURE_RUNTIME_TRACER_CLIENT_H

/* The launcher's side of immure-tracerd: a socket, one message, two mappings. No libbpf. */

#include <stdbool.h>

#include "bpf/event.h"
#include "bpf/ring.h"
#include "bpf/wire.h"

struct tracer_client {
	int connection; /* its end tells the daemon that nobody reads any more */
	int ring_fd;
	int wake_fd; /* readable when much is waiting: poll(2) it with a time limit */
	struct ring ring;
	const struct tracer_stats *stats;
	uint64_t taken;  /* events read so far, each call of a batch as one */
	uint32_t want;   /* enum tracer_want: what is seen, and where */
	uint64_t missed; /* as the daemon said at the start */
};

/*
 * Where the daemon listens: $IMMURE_TRACERD, or /run/immure/tracerd.sock. An empty value: nowhere.
 */
const char *tracer_client_socket(void);

/*
 * Connect without asking for anything.
 *
 * Returns   a descriptor, -ENOENT or -ECONNREFUSED (no daemon), -errno.
 */
must_check int tracer_client_connect(const char *socket, struct err *err);

/*
 * Have a task traced, and what it will make.
 *
 *   pidfd   of a task that waits: single, ours, with no_new_privs
 *   groups  enum tracer_group bits
 *   name    of the run
 *   ret     on success ended by tracer_client_close()
 *
 * Returns   0, or -errno: as for connect, or -EPERM with the daemon's reason.
 */
must_check int tracer_client_start(int pidfd, uint32_t groups, const char *name,
				   struct tracer_client *ret, struct err *err);

/*
 * What can the daemon do here?
 *
 *   ret  enum wire_can bits
 *
 * Returns   0, or -errno: as for connect, or -EPROTONOSUPPORT: the daemon is of another version.
 */
must_check int tracer_client_ask(uint32_t *ret, struct err *err);

/*
 * With TRACER_GROUP_PATHS: one more rule, before the program begins.
 *
 *   path    its first `length` bytes count: below "/a/", or "/a" with its NUL
 *   access  enum tracer_access bits
 */
must_check int tracer_client_add_rule(const struct tracer_client *client, const char *path,
				      size_t length, uint32_t access, struct err *err);

/* With TRACER_GROUP_CALLS: what the policy grants, once and before the program begins. */
must_check int tracer_client_grant(const struct tracer_client *client,
				   const struct tracer_grants *grants, struct err *err);

/*
 * The next event; its texts stay valid until tracer_client_release().
 *
 * Returns   1, 0 (none now), -EBADMSG.
 */
must_check int tracer_client_next(struct tracer_client *client, struct event *ret, struct err *err);
void tracer_client_release(struct tracer_client *client);

/* Let wake_fd sleep until much is waiting again. Call it before reading. */
void tracer_client_clear_wake(struct tracer_client *client);

/*
 * How many events the kernel could not write, so far. Once no task of the sandbox runs, what was
 * taken and what was dropped are all there were.
 */
uint64_t tracer_client_dropped(const struct tracer_client *client);

/* A task of the sandbox runs without a mark: it must be ended. */
bool tracer_client_has_escape(const struct tracer_client *client);

/* Tasks still marked as running, tracing included: 0 after the sandbox's end, or it was cut off. */
uint64_t tracer_client_alive(const struct tracer_client *client);

/*
 * Ask what the kernel has left out since the start: programs that it did not run, of whoever.
 *
 * Returns   0, or -errno: there is no daemon any more who could tell.
 */
must_check int tracer_client_missed(const struct tracer_client *client, uint64_t *ret,
				    struct err *err);

/* A no-op on what was never started (connection -1). */
void tracer_client_close(struct tracer_client *client);

#endif
