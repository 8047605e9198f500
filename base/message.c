/* SPDX-License-Identifier: Apache-2.0 */
#include "base/message.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union rights {
	struct cmsghdr header;
	char room[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
};

int message_send(int socket, const void *bytes, size_t n, const int *fds, size_t n_fds, int flags)
{
	union rights rights = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = n };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t r;

	if (n_fds > MESSAGE_FDS)
		return -E2BIG;
	if (n_fds > 0) {
		rights.header.cmsg_level = SOL_SOCKET;
		rights.header.cmsg_type = SCM_RIGHTS;
		rights.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&rights.header), fds, n_fds * sizeof(int));
		header.msg_control = &rights;
		header.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	}
	do
		r = sendmsg(socket, &header, MSG_NOSIGNAL | flags);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

void message_receive(int socket, void *bytes, size_t room, int flags, struct message *ret)
{
	union rights rights = { 0 };
	struct iovec part = { .iov_base = bytes, .iov_len = room };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &rights,
				 .msg_controllen = sizeof(rights) };
	const struct cmsghdr *first;

	do
		*ret = (struct message){ .n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | flags) };
	while (ret->n < 0 && errno == EINTR);
	if (ret->n < 0) {
		ret->n = -errno;
		return;
	}
	first = CMSG_FIRSTHDR(&header);
	if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS) {
		ret->n_fds = (first->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret->fds, CMSG_DATA(first), ret->n_fds * sizeof(int));
	}
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		ret->n = -E2BIG;
}

void message_done(struct message *message)
{
	for (size_t i = 0; i < message->n_fds; i++)
		closep(&message->fds[i]);
	message->n_fds = 0;
}
