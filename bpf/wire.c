/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

#define MAX_FDS 8 /* what may come in at a time; more is cut off by the kernel */

void wire_request_init(enum wire_kind kind, uint32_t groups, const char *name,
		       struct wire_request *ret)
{
	*ret = (struct wire_request){
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.kind = (uint16_t)kind,
		.groups = groups,
	};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
}

int wire_request_decode(const void *bytes, size_t n, struct wire_request *ret, struct err *err)
{
	struct wire_request request = { 0 };

	if (n != sizeof(request))
		return err_set(err, EBADMSG, "a request of %zu bytes; expected %zu", n,
			       sizeof(request));
	memcpy(&request, bytes, sizeof(request));
	if (request.magic != WIRE_MAGIC || request.version != WIRE_VERSION || request.zero != 0)
		return err_set(err, EBADMSG, "not a request of this version");
	if (request.kind < WIRE_TRACE || request.kind > WIRE_MISSED)
		return err_set(err, EBADMSG, "an unknown request %u", request.kind);
	if (request.groups & ~TRACER_GROUPS)
		return err_set(err, EBADMSG, "unknown groups %x", request.groups);
	if (request.name[sizeof(request.name) - 1] != '\0')
		return err_set(err, EBADMSG, "a name without end");
	if (request.kind == WIRE_TRACE && !text_is_id(request.name))
		return err_set(err, EBADMSG, "a name that is none");
	*ret = request;
	return 0;
}

int wire_rule_decode(const void *bytes, size_t n, struct wire_rule *ret, struct err *err)
{
	struct wire_rule rule = { 0 };

	if (n != sizeof(rule))
		return err_set(err, EBADMSG, "a rule of %zu bytes; expected %zu", n, sizeof(rule));
	memcpy(&rule, bytes, sizeof(rule));
	if (rule.magic != WIRE_MAGIC || rule.version != WIRE_VERSION || rule.kind != WIRE_RULE)
		return err_set(err, EBADMSG, "not a rule of this version");
	if (rule.access & ~(uint32_t)(TRACER_READ | TRACER_WRITE | TRACER_EXECUTE | TRACER_LIST))
		return err_set(err, EBADMSG, "unknown access %x", rule.access);
	if (rule.length == 0 || rule.length > sizeof(rule.path) || rule.path[0] != '/')
		return err_set(err, EBADMSG, "a rule without path");
	*ret = rule;
	return 0;
}

int wire_grants_decode(const void *bytes, size_t n, struct wire_grants *ret, struct err *err)
{
	struct wire_grants message = { 0 };

	if (n != sizeof(message))
		return err_set(err, EBADMSG, "grants of %zu bytes; expected %zu", n,
			       sizeof(message));
	memcpy(&message, bytes, sizeof(message));
	if (message.magic != WIRE_MAGIC || message.version != WIRE_VERSION ||
	    message.kind != WIRE_GRANTS)
		return err_set(err, EBADMSG, "not grants of this version");
	if (message.grants.n_requests > TRACER_REQUESTS)
		return err_set(err, EBADMSG, "%u requests", message.grants.n_requests);
	if (message.grants.flags & ~TRACER_GRANT_FLAGS)
		return err_set(err, EBADMSG, "unknown grants %x", message.grants.flags);
	*ret = message;
	return 0;
}

int wire_reply_decode(const void *bytes, size_t n, struct wire_reply *ret, struct err *err)
{
	struct wire_reply reply = { 0 };

	/* These two every version has in the same place, whatever follows. */
	memcpy(&reply, bytes, n < sizeof(reply) ? n : sizeof(reply));
	if (n < offsetof(struct wire_reply, status) || reply.magic != WIRE_MAGIC)
		return err_set(err, EBADMSG, "what answers is no immure-tracerd");
	if (reply.version != WIRE_VERSION)
		return err_set(
			err, EPROTONOSUPPORT,
			"the immure-tracerd that answers is of another version: its messages "
			"are of version %u, ours of %d",
			reply.version, WIRE_VERSION);
	if (n != sizeof(reply))
		return err_set(err, EBADMSG, "immure-tracerd: a reply of %zu bytes", n);
	reply.text[sizeof(reply.text) - 1] = '\0';
	*ret = reply;
	return 0;
}

int wire_send(int fd, const void *bytes, size_t n, int first, int second)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct iovec part = { (void *)(uintptr_t)bytes, n };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	const int fds[2] = { first, second };
	size_t size = (size_t)((first >= 0) + (second >= 0)) * sizeof(int);

	if (size > 0) {
		struct cmsghdr *c;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(size);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), fds, size);
	}
	while (sendmsg(fd, &message, MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Keep the first two descriptors of a message; close what else came. */
static void take_fds(struct msghdr *message, int fds[2])
{
	size_t kept = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int got = -1;

			memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof(got));
			if (kept < 2)
				fds[kept++] = got;
			else
				close(got);
		}
	}
}

ssize_t wire_receive(int fd, void *bytes, size_t n, int fds[2])
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec part = { bytes, n };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t got;

	fds[0] = fds[1] = -1;
	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	take_fds(&message, fds);
	if (message.msg_flags & MSG_TRUNC) {
		closep(&fds[0]);
		closep(&fds[1]);
		return -EMSGSIZE;
	}
	return got;
}
