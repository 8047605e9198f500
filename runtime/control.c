/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/control.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What the argument of each may be. */
static const struct {
	uint32_t least, most;
} arguments[CONTROL_OP_COUNT] = {
	[CONTROL_SIGNAL] = { 1, NSIG - 1 },  [CONTROL_WAIT] = { 0, 0 },
	[CONTROL_ENTER] = { 0, 0 },          [CONTROL_STOP] = { 1, NSIG - 1 },
	[CONTROL_RESTART] = { 1, NSIG - 1 }, [CONTROL_STATE] = { 0, 0 },
	[CONTROL_ATTACH] = { 0, 0 },         [CONTROL_RESIZE] = { 0x10001, UINT32_MAX },
};

bool control_request_decode(const void *bytes, size_t n, struct control_request *ret)
{
	struct control_request request;

	if (n != sizeof(request))
		return false;
	memcpy(&request, bytes, sizeof(request));
	if (request.version != CONTROL_VERSION || request.reserved != 0 ||
	    request.op >= CONTROL_OP_COUNT)
		return false;
	if (request.argument < arguments[request.op].least ||
	    request.argument > arguments[request.op].most)
		return false;
	if (request.op == CONTROL_RESIZE && (request.argument & 0xffff) == 0)
		return false;
	*ret = request;
	return true;
}

int control_open(const struct run_folder *folder, struct control *ret, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ret->listener = -1;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		ret->clients[i] = (struct control_client){ .fd = -1 };
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	ret->listener = fd;
	/* By descriptor: the folder's own name may be longer than an address can be. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" CONTROL_SOCKET,
		 folder->dir);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, CONTROL_CLIENTS) < 0)
		return err_sys(err, errno, "run %s: cannot make its control socket", folder->id);
	return 0;
}

void control_fill(const struct control *control, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = control->listener, .events = POLLIN };
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		fds[i + 1] = (struct pollfd){ .fd = control->clients[i].fd, .events = POLLIN };
}

static void answer(struct control_client *client, int result)
{
	const struct control_answer message = { .version = CONTROL_VERSION, .result = result };

	/* Who is gone does not hear it. */
	if (send(client->fd, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
	    errno != EINTR)
		closep(&client->fd);
	client->waits = false;
}

static bool is_ours(int fd)
{
	struct ucred peer = { 0 };
	socklen_t n = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

/* One that waits holds its place until the end; when all are taken the newest is turned away. */
static void take_client(struct control *control)
{
	cleanup_close int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 || !is_ours(fd))
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i].fd < 0) {
			control->clients[i] = (struct control_client){ .fd = steal_fd(fd) };
			return;
		}
	}
}

static void hear(struct control_client *client, control_act_fn act, void *data)
{
	struct control_request request = { 0 };
	char bytes[sizeof(request) + 1];
	ssize_t n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	int result;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || client->waits || !control_request_decode(bytes, (size_t)n, &request)) {
		closep(&client->fd);
		client->waits = false;
		return;
	}
	if (request.op == CONTROL_WAIT) {
		client->waits = true;
		return;
	}
	result = act(data, &request, &client->fd);
	if (client->fd >= 0)
		answer(client, result);
}

void control_handle(struct control *control, const struct pollfd *fds, control_act_fn act,
		    void *data)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (fds[i + 1].revents && control->clients[i].fd == fds[i + 1].fd &&
		    fds[i + 1].fd >= 0)
			hear(&control->clients[i], act, data);
	}
	if (fds[0].revents)
		take_client(control);
}

void control_finish(struct control *control, int status)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (control->clients[i].fd >= 0 && control->clients[i].waits)
			answer(&control->clients[i], status);
	}
}

void control_done(struct control *control, const struct run_folder *folder)
{
	if (control->listener < 0)
		return;
	closep(&control->listener);
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		closep(&control->clients[i].fd);
	/* What a kill leaves is a socket that nobody answers. */
	if (folder->dir >= 0)
		unlinkat(folder->dir, CONTROL_SOCKET, 0);
}
