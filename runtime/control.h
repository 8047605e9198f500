/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CONTROL_H
#define IMMURE_RUNTIME_CONTROL_H

/* The monitor's side of a detached run's control socket: see control_wire.h. */

#include <poll.h>
#include <stdbool.h>

#include "base/err.h"
#include "runtime/control_wire.h"
#include "runtime/run_folder.h"

#define CONTROL_CLIENTS 16
#define CONTROL_POLLFDS (CONTROL_CLIENTS + 1)

struct control {
	int listener;
	struct control_client {
		int fd; /* -1: free */
		bool waits;
	} clients[CONTROL_CLIENTS];
};

/*
 * Called for a request that was found well formed, but for CONTROL_WAIT.
 *
 *   fd  the client's; taken over by setting it to -1, and then there is no answer
 *
 * Returns   the result for the answer: 0 or more, or -errno.
 */
typedef int (*control_act_fn)(void *data, const struct control_request *request, int *fd);

/* Make the socket in the folder. Ended by control_done(), which removes it. */
must_check int control_open(const struct run_folder *folder, struct control *ret, struct err *err);

/* Fill CONTROL_POLLFDS entries. */
void control_fill(const struct control *control, struct pollfd *fds);

/* Answer what has come; one that is malformed or from another user is closed without an answer. */
void control_handle(struct control *control, const struct pollfd *fds, control_act_fn act,
		    void *data);

/* Tell those who wait. */
void control_finish(struct control *control, int status);

void control_done(struct control *control, const struct run_folder *folder);

/* True if these bytes are a request; *ret is filled then. For the fuzzer too. */
bool control_request_decode(const void *bytes, size_t n, struct control_request *ret);

#endif
