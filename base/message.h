/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_MESSAGE_H
#define IMMURE_BASE_MESSAGE_H

/* Messages of whole bytes with descriptors, over SOCK_SEQPACKET. Source: unix(7), SCM_RIGHTS. */

#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

#define MESSAGE_FDS 3

/* What was received; its descriptors are close-on-exec and its own. */
struct message {
	ssize_t n; /* bytes; 0: the other side is gone; -EAGAIN, -E2BIG (cut off), -errno */
	size_t n_fds;
	int fds[MESSAGE_FDS];
};

#define cleanup_message cleanup(message_done)

/*
 * Send.
 *
 *   fds    borrowed; n_fds is at most MESSAGE_FDS
 *   flags  such as MSG_DONTWAIT
 *
 * Returns 0 or -errno; there is no SIGPIPE.
 */
must_check int message_send(int socket, const void *bytes, size_t n, const int *fds, size_t n_fds,
			    int flags);

/* Receive at most `room` bytes. *ret is set in any case. */
void message_receive(int socket, void *bytes, size_t room, int flags, struct message *ret);

/* Close what was not taken. */
void message_done(struct message *message);

#endif
