/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop, no threads. Everything that a peer sends is a message of one size or is refused; no
 * peer can make us wait, and each user has a share of the connections.
 */
#include "runtime/tracerd_serve.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "runtime/tracerd_peer.h"

#define CONNECTIONS 512
#define CONNECTIONS_PER_UID 96
#define ACCEPTS_PER_TURN 64
#define ASK_MS 2000    /* a connection that has not asked by then is closed */
#define WAITING_MS 100 /* while a sandbox may end without anybody telling us */
#define DETACH_MS 10000
#define UNHOOK_MS 600000 /* as long as the service lives on without work */

/* A peer that has not asked yet, or one whose sandbox is traced. */
struct connection {
	int fd; /* -1: free */
	struct peer peer;
	int slot; /* -1: has not asked yet */
	uint64_t since_ms;
};

struct server {
	const struct serving *with;
	struct slots slots;
	uint64_t busy_ms; /* when there was something to do for the last time */
	bool attached, hooked;
	bool clearing; /* there may be memory of old rings to give back */
	struct connection connections[CONNECTIONS];
};

static uint64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void end_connection(struct server *s, struct connection *c)
{
	if (c->slot >= 0)
		s->slots.slots[c->slot].connected = false;
	closep(&c->fd);
	closep(&c->peer.pidfd);
	c->slot = -1;
}

static uint32_t abilities(const struct tracer *tracer)
{
	return (tracer_can_guard(tracer) ? WIRE_CAN_GUARD : 0U) |
	       (tracer_no_hooks(tracer) ? 0U : WIRE_CAN_HOOK);
}

/* What does not fit into the peer's socket is his loss: we never wait. */
static void tell(const struct server *s, const struct connection *c, enum wire_status status,
		 const char *text)
{
	struct wire_reply reply = {
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.status = (uint16_t)status,
		.missed = tracer_missed(s->with->tracer),
		.can = abilities(s->with->tracer),
	};

	snprintf(reply.text, sizeof(reply.text), "%s", text);
	if (wire_send(c->fd, &reply, sizeof(reply), -1, -1) < 0)
		log_debug("a peer of user %u does not read", c->peer.uid);
}

static int trace(struct server *s, struct connection *c, const struct wire_request *request,
		 int pidfd, struct err *err)
{
	struct wire_reply reply = {
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.status = WIRE_DONE,
		.ring_bytes = s->slots.ring_bytes,
	};
	struct tracer_fds fds = { -1, -1 };
	uint32_t pid = 0;
	int slot;
	int r;

	if (pidfd < 0)
		return err_set(err, EBADMSG, "a request without a task");
	if (tracer_is_marked(s->with->tracer, c->peer.pidfd))
		return err_set(err, EPERM, "you are traced yourself");
	r = peer_check_task(&c->peer, pidfd, &pid, err);
	if (r < 0)
		return r;
	s->attached = s->hooked = true; /* even if it fails: some programs may be */
	s->busy_ms = now_ms();
	slot = slots_take(&s->slots, request, c->peer.uid, pid, pidfd, &fds, err);
	if (slot < 0)
		return slot;
	c->slot = slot;
	reply.want = s->slots.slots[slot].value.want;
	reply.pid = pid;
	reply.missed = tracer_missed(s->with->tracer);
	reply.can = abilities(s->with->tracer);
	snprintf(reply.text, sizeof(reply.text), "%.63s", request->name);
	r = wire_send(c->fd, &reply, sizeof(reply), fds.ring, fds.stats);
	slots_handed_out(&s->slots, (uint32_t)slot);
	if (r < 0)
		return err_sys(err, -r, "cannot answer");
	log_info("tracing %s: process %u of user %u", request->name, pid, c->peer.uid);
	return 0;
}

static void list(struct server *s, const struct connection *c)
{
	for (uint32_t i = 0; i < TRACER_SLOTS; i++) {
		const struct slot *slot = &s->slots.slots[i];
		struct wire_reply reply;

		if (slot->state != SLOT_TAKEN ||
		    (c->peer.uid != 0 && slot->value.owner != c->peer.uid))
			continue;
		slots_describe(&s->slots, i, &reply);
		if (wire_send(c->fd, &reply, sizeof(reply), -1, -1) < 0)
			return;
	}
	tell(s, c, WIRE_DONE, "");
}

static int add_rule(struct server *s, struct connection *c, const void *bytes, size_t n,
		    struct err *err)
{
	struct wire_rule rule = { 0 };
	int r = wire_rule_decode(bytes, n, &rule, err);

	if (r == 0 && c->slot < 0)
		r = err_set(err, EINVAL, "a rule without a sandbox");
	if (r == 0)
		r = slots_add_rule(&s->slots, (uint32_t)c->slot, &rule, err);
	if (r == 0)
		tell(s, c, WIRE_DONE, "");
	return r;
}

static int set_grants(struct server *s, struct connection *c, const void *bytes, size_t n,
		      struct err *err)
{
	struct wire_grants message = { 0 };
	int r = wire_grants_decode(bytes, n, &message, err);

	if (r == 0 && c->slot < 0)
		r = err_set(err, EINVAL, "grants without a sandbox");
	if (r == 0)
		r = slots_set_grants(&s->slots, (uint32_t)c->slot, &message, err);
	if (r == 0)
		tell(s, c, WIRE_DONE, "");
	return r;
}

/* Returns 0 if the connection is to stay. */
static int answer(struct server *s, struct connection *c, const void *bytes, size_t n, int pidfd,
		  struct err *err)
{
	struct wire_request request = { 0 };
	int r;

	if (n == sizeof(struct wire_rule))
		return add_rule(s, c, bytes, n, err);
	if (n == sizeof(struct wire_grants))
		return set_grants(s, c, bytes, n, err);
	r = wire_request_decode(bytes, n, &request, err);

	if (r < 0)
		return r;
	if (request.kind == WIRE_LIST) {
		list(s, c);
		return 0;
	}
	if (request.kind == WIRE_MISSED) {
		tell(s, c, WIRE_DONE, "");
		return 0;
	}
	if (c->slot >= 0)
		return err_set(err, EEXIST, "this connection has its sandbox");
	return trace(s, c, &request, pidfd, err);
}

static void hear(struct server *s, struct connection *c)
{
	char bytes[WIRE_LONGEST + 1];
	struct err err = { 0 };
	int fds[2] = { -1, -1 };
	ssize_t n = wire_receive(c->fd, bytes, sizeof(bytes), fds);
	int r;

	if (n == -EAGAIN)
		return;
	if (n == 0) {
		end_connection(s, c);
		return;
	}
	if (n < 0)
		r = err_sys(&err, (int)-n, "cannot take your message");
	else
		r = answer(s, c, bytes, (size_t)n, fds[0], &err);
	closep(&fds[0]);
	closep(&fds[1]);
	c->since_ms = now_ms();
	if (r < 0) {
		log_info("refused user %u: %s", c->peer.uid, err.msg);
		tell(s, c, WIRE_REFUSED, err.msg);
		end_connection(s, c);
	}
}

static struct connection *free_connection(struct server *s, uint32_t uid)
{
	struct connection *found = NULL;
	size_t same = 0;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &s->connections[i];

		if (c->fd < 0)
			found = c;
		else
			same += c->peer.uid == uid;
	}
	return same < CONNECTIONS_PER_UID ? found : NULL;
}

static void admit(struct server *s)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		cleanup_close int fd =
			accept4(s->with->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct peer peer = { .pidfd = -1 };
		struct err err = { 0 };
		struct connection *c;

		if (fd < 0)
			return; /* EAGAIN: that was all; else somebody left again */
		if (peer_identify(fd, &peer, &err) < 0)
			continue;
		c = free_connection(s, peer.uid);
		if (!c) {
			closep(&peer.pidfd);
			continue;
		}
		*c = (struct connection){ steal_fd(fd), peer, -1, now_ms() };
	}
}

static nfds_t fill(struct server *s, struct pollfd fds[2 + CONNECTIONS])
{
	fds[0] = (struct pollfd){ .fd = s->with->listener, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = s->with->signals, .events = POLLIN };
	for (size_t i = 0; i < CONNECTIONS; i++)
		fds[2 + i] = (struct pollfd){ .fd = s->connections[i].fd, .events = POLLIN };
	return 2 + CONNECTIONS;
}

static bool has_connections(const struct server *s)
{
	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (s->connections[i].fd >= 0)
			return true;
	}
	return false;
}

static int patience(const struct server *s)
{
	if (slots_are_waiting(&s->slots) || s->clearing)
		return WAITING_MS;
	if (s->attached || s->hooked || s->with->idle_ms > 0 || has_connections(s))
		return 1000;
	return -1;
}

static void close_silent(struct server *s, uint64_t now)
{
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &s->connections[i];

		if (c->fd >= 0 && c->slot < 0 && now - c->since_ms > ASK_MS)
			end_connection(s, c);
	}
}

/* Returns true when it is time to end. */
static bool tend(struct server *s)
{
	uint64_t now = now_ms();

	close_silent(s, now);
	slots_tend(&s->slots);
	if (s->slots.n_taken > 0)
		s->busy_ms = now;
	if (s->attached && now - s->busy_ms > DETACH_MS) {
		tracer_detach(s->with->tracer, false);
		s->attached = false;
	}
	if (s->hooked && now - s->busy_ms > UNHOOK_MS) {
		tracer_detach(s->with->tracer, true);
		s->hooked = false;
	}
	return s->with->idle_ms > 0 && now - s->busy_ms > s->with->idle_ms;
}

static int loop(struct server *s, struct err *err)
{
	for (;;) {
		struct pollfd fds[2 + CONNECTIONS];
		nfds_t n = fill(s, fds);
		int ready = poll(fds, n, patience(s));

		if (ready < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot wait for peers");
		s->clearing = ready == 0 ? slots_clear_one(&s->slots) : s->clearing || ready > 0;
		if (fds[1].revents)
			return 0;
		for (size_t i = 0; i < CONNECTIONS; i++) {
			if (fds[2 + i].revents && s->connections[i].fd == fds[2 + i].fd)
				hear(s, &s->connections[i]);
		}
		if (fds[0].revents)
			admit(s);
		if (tend(s))
			return 0;
	}
}

int tracerd_serve(const struct serving *serving, struct err *err)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(err, ENOMEM, "out of memory");
	s->with = serving;
	/* By a daemon before us, perhaps: detaching twice does no harm. */
	s->attached = s->hooked = true;
	s->busy_ms = now_ms();
	for (size_t i = 0; i < CONNECTIONS; i++)
		s->connections[i] = (struct connection){ .fd = -1, .peer.pidfd = -1, .slot = -1 };
	r = slots_init(&s->slots, serving->tracer, serving->ring_bytes, err);
	if (r == 0 && tracer_no_hooks(serving->tracer))
		log_info("calls of lists are seen where all calls return: %s",
			 tracer_no_hooks(serving->tracer));
	if (r == 0)
		r = loop(s, err);
	if (r == 0)
		r = s->slots.n_taken > 0;
	for (size_t i = 0; i < CONNECTIONS; i++)
		end_connection(s, &s->connections[i]);
	slots_done(&s->slots);
	free(s);
	return r;
}
