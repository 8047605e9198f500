/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tracer_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ANSWER_SECONDS 10 /* the daemon may have to be started first */

const char *tracer_client_socket(void)
{
	const char *path = getenv("IMMURE_TRACERD");

	return path ? path : WIRE_SOCKET;
}

int tracer_client_connect(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	cleanup_close int fd = -1;

	if (path[0] == '\0')
		return err_set(err, ENOENT, "the collector is switched off");
	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ENAMETOOLONG, "%s is too long for a socket", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return err_sys(err, errno, "cannot prepare a socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, errno, "cannot reach immure-tracerd at %s", path);
	return steal_fd(fd);
}

static int ask_bytes(int connection, const void *message, size_t size, int pidfd,
		     struct wire_reply *ret, int fds[2], struct err *err)
{
	char bytes[WIRE_REPLY_ROOM];
	ssize_t n;
	int r = wire_send(connection, message, size, pidfd, -1);

	if (r < 0)
		return err_sys(err, -r, "cannot ask immure-tracerd");
	n = wire_receive(connection, bytes, sizeof(bytes), fds);
	if (n == -EAGAIN)
		return err_set(err, ETIMEDOUT, "immure-tracerd has not answered for %d seconds",
			       ANSWER_SECONDS);
	if (n < 0)
		return err_sys(err, (int)-n, "immure-tracerd does not answer");
	if (n == 0)
		return err_set(err, ECONNRESET, "immure-tracerd has ended the connection");
	r = wire_reply_decode(bytes, (size_t)n, ret, err);
	if (r < 0)
		return r;
	if (ret->status != WIRE_DONE)
		return err_set(err, EPERM, "immure-tracerd: %s", ret->text);
	return 0;
}

static int ask(int connection, const struct wire_request *request, int pidfd,
	       struct wire_reply *ret, int fds[2], struct err *err)
{
	return ask_bytes(connection, request, sizeof(*request), pidfd, ret, fds, err);
}

/*
 * A ring itself is readable whenever it is not empty, so polling it would never sleep beside a busy
 * program. Seen through edges, it is readable when the kernel thought it worth waking somebody.
 */
static int open_wake(struct tracer_client *client, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	client->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (client->wake_fd < 0 ||
	    epoll_ctl(client->wake_fd, EPOLL_CTL_ADD, client->ring_fd, &event) < 0)
		return err_sys(err, errno, "cannot wait for events");
	return 0;
}

void tracer_client_clear_wake(struct tracer_client *client)
{
	struct epoll_event event;

	while (epoll_wait(client->wake_fd, &event, 1, 0) > 0)
		;
}

int tracer_client_start(int pidfd, uint32_t groups, const char *name, struct tracer_client *ret,
			struct err *err)
{
	cleanup_close int connection = tracer_client_connect(tracer_client_socket(), err);
	struct tracer_client client = { .connection = -1, .ring_fd = -1, .wake_fd = -1 };
	struct wire_request request;
	struct wire_reply reply = { 0 };
	int fds[2] = { -1, -1 };
	int r;

	if (connection < 0)
		return connection;
	wire_request_init(WIRE_TRACE, groups, name, &request);
	r = ask(connection, &request, pidfd, &reply, fds, err);
	client.ring_fd = fds[0];
	client.missed = reply.missed;
	client.want = reply.want;
	if (r == 0 && (fds[0] < 0 || fds[1] < 0))
		r = err_set(err, EBADMSG, "immure-tracerd sent no ring");
	if (r == 0)
		r = ring_open(fds[0], reply.ring_bytes, &client.ring, err);
	if (r == 0)
		r = stats_map(fds[1], &client.stats, err);
	closep(&fds[1]);
	if (r == 0)
		r = open_wake(&client, err);
	if (r < 0) {
		tracer_client_close(&client);
		return r;
	}
	client.connection = steal_fd(connection);
	*ret = client;
	return 0;
}

int tracer_client_next(struct tracer_client *client, struct event *ret, struct err *err)
{
	struct span bytes = { 0 };
	int r = ring_next(&client->ring, &bytes, err);

	if (r <= 0)
		return r;
	r = event_decode(bytes, ret, err);
	if (r < 0)
		return r;
	client->taken += event_calls(ret) > 0 ? event_calls(ret) : 1;
	return 1;
}

void tracer_client_release(struct tracer_client *client)
{
	ring_release(&client->ring);
}

uint64_t tracer_client_dropped(const struct tracer_client *client)
{
	return __atomic_load_n(&client->stats->dropped, __ATOMIC_ACQUIRE);
}

bool tracer_client_has_escape(const struct tracer_client *client)
{
	return __atomic_load_n(&client->stats->lost, __ATOMIC_ACQUIRE) > 0;
}

uint64_t tracer_client_alive(const struct tracer_client *client)
{
	return __atomic_load_n(&client->stats->alive, __ATOMIC_ACQUIRE);
}

/* For answers that bring no descriptors. */
static int ask_plainly(int connection, const void *message, size_t size, struct wire_reply *ret,
		       struct err *err)
{
	int fds[2] = { -1, -1 };
	int r = ask_bytes(connection, message, size, -1, ret, fds, err);

	closep(&fds[0]);
	closep(&fds[1]);
	return r;
}

static int ask_missed(int connection, struct wire_reply *ret, struct err *err)
{
	struct wire_request request;

	wire_request_init(WIRE_MISSED, 0, "", &request);
	return ask_plainly(connection, &request, sizeof(request), ret, err);
}

int tracer_client_ask(uint32_t *ret, struct err *err)
{
	cleanup_close int connection = tracer_client_connect(tracer_client_socket(), err);
	struct wire_reply reply = { 0 };
	int r = connection < 0 ? connection : ask_missed(connection, &reply, err);

	if (r == 0)
		*ret = reply.can;
	return r;
}

int tracer_client_add_rule(const struct tracer_client *client, const char *path, size_t length,
			   uint32_t access, struct err *err)
{
	struct wire_rule rule = { .magic = WIRE_MAGIC,
				  .version = WIRE_VERSION,
				  .kind = WIRE_RULE,
				  .access = access,
				  .length = (uint32_t)length };
	struct wire_reply reply = { 0 };

	if (length > sizeof(rule.path))
		return err_set(err, ENAMETOOLONG, "%.40s... is too long for a rule", path);
	memcpy(rule.path, path, length);
	return ask_plainly(client->connection, &rule, sizeof(rule), &reply, err);
}

int tracer_client_grant(const struct tracer_client *client, const struct tracer_grants *grants,
			struct err *err)
{
	const struct wire_grants message = {
		.magic = WIRE_MAGIC, .version = WIRE_VERSION, .kind = WIRE_GRANTS, .grants = *grants
	};
	struct wire_reply reply = { 0 };

	return ask_plainly(client->connection, &message, sizeof(message), &reply, err);
}

int tracer_client_missed(const struct tracer_client *client, uint64_t *ret, struct err *err)
{
	struct wire_reply reply = { 0 };
	int r = ask_missed(client->connection, &reply, err);

	if (r < 0) {
		/* Another daemon may have taken over; the kernel's numbers are the same. */
		cleanup_close int connection = tracer_client_connect(tracer_client_socket(), err);

		r = connection < 0 ? connection : ask_missed(connection, &reply, err);
	}
	if (r < 0)
		return r;
	if (reply.missed < client->missed)
		return err_set(err, ESTALE, "immure-tracerd has loaded its programs anew");
	*ret = reply.missed - client->missed;
	return 0;
}

void tracer_client_close(struct tracer_client *client)
{
	closep(&client->connection);
	closep(&client->wake_fd);
	closep(&client->ring_fd);
	ring_close(&client->ring);
	stats_unmap(client->stats);
	client->stats = NULL;
}
