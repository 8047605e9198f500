/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/control_client.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int control_connect(int dir, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" CONTROL_SOCKET,
		 dir);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int code = errno == ECONNREFUSED ? ENOENT : errno;

		if (code == ENOENT)
			return err_set(err, ENOENT,
				       "it has no monitor: it is not running detached");
		return err_sys(err, code, "cannot reach its monitor");
	}
	return steal_fd(fd);
}

int control_send(int fd, enum control_op op, uint32_t argument, struct err *err)
{
	const struct control_request request = { .version = CONTROL_VERSION,
						 .op = op,
						 .argument = argument };

	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) >= 0)
		return 0;
	/* It was reached, and ended before it took the connection. */
	if (errno == ECONNRESET || errno == EPIPE)
		return err_set(err, ENOENT, "its monitor ended without an answer");
	return err_sys(err, errno, "cannot ask its monitor");
}

int control_ask(int dir, enum control_op op, uint32_t argument, int timeout_ms, struct err *err)
{
	struct control_answer answer = { 0 };
	cleanup_close int fd = control_connect(dir, err);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int r;

	if (fd < 0)
		return fd;
	r = control_send(fd, op, argument, err);
	if (r < 0)
		return r;
	do
		r = poll(&ready, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return err_set(err, ETIMEDOUT, "it did not end in time");
	if (recv(fd, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer) ||
	    answer.version != CONTROL_VERSION)
		return err_set(err, ENOENT, "its monitor ended without an answer");
	if (answer.result < 0)
		return err_sys(err, -answer.result, "its monitor cannot do that");
	return answer.result;
}

int control_ask_state(int dir, struct control_state *ret, struct err *err)
{
	struct control_state state = { 0 };
	cleanup_close int fd = control_connect(dir, err);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int r;

	if (fd < 0)
		return fd;
	r = control_send(fd, CONTROL_STATE, 0, err);
	if (r < 0)
		return r;
	do
		r = poll(&ready, 1, 10000);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return err_set(err, ETIMEDOUT, "its monitor does not answer");
	if (recv(fd, &state, sizeof(state), 0) != (ssize_t)sizeof(state) ||
	    state.version != CONTROL_VERSION)
		return err_set(err, ENOENT, "its monitor ended without an answer");
	*ret = state;
	return 0;
}
