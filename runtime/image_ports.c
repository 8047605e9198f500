/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_ports.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/port.h"

#define PORTS_MAX 64

struct publisher {
	struct plan_request *request;
	struct plan_port *ports;
	size_t n;
	int held[PORTS_MAX]; /* sockets: no port is chosen twice */
	size_t n_held;
};

static bool is_published(const struct publisher *p, uint16_t inside, bool udp)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->ports[i].inside == inside && p->ports[i].udp == udp)
			return true;
	}
	return false;
}

static int choose(struct publisher *p, struct plan_port *port, struct err *err)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { .any.sa_family = AF_INET };
	socklen_t n = sizeof(at);
	int fd;

	if (p->n_held == PORTS_MAX)
		return err_set(err, E2BIG, "more than %d ports", PORTS_MAX);
	if (inet_pton(AF_INET, port->address, &at.v4.sin_addr) != 1) {
		at.any.sa_family = AF_INET6;
		if (inet_pton(AF_INET6, port->address, &at.v6.sin6_addr) != 1)
			return err_set(err, EINVAL, "%s is no address", port->address);
	}
	fd = socket(at.any.sa_family, (port->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	p->held[p->n_held++] = fd;
	if (bind(fd, &at.any, n) < 0 || getsockname(fd, &at.any, &n) < 0)
		return err_sys(err, errno, "cannot find a free port of %s", port->address);
	port->outside = ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
	return 0;
}

static void let_go(struct publisher *p)
{
	for (size_t i = 0; i < p->n_held; i++)
		closep(&p->held[i]);
}

int image_ports_choose(struct plan_port *ports, size_t n, struct err *err)
{
	struct publisher p = { .ports = ports, .n = n };
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (ports[i].outside == 0)
			r = choose(&p, &ports[i], err);
	}
	let_go(&p);
	return r;
}

static int publish(struct publisher *p, const struct exposed_ports *range, struct err *err)
{
	for (unsigned inside = range->first; inside <= range->last; inside++) {
		struct plan_port port = { .udp = range->udp,
					  .address = "127.0.0.1",
					  .inside = (uint16_t)inside };
		int r;

		if (is_published(p, port.inside, port.udp))
			continue;
		r = choose(p, &port, err);
		if (r < 0)
			return r;
		p->ports[p->n++] = port;
	}
	return 0;
}

int image_ports_publish(const struct image_texts *exposed, struct arena *arena,
			struct plan_request *request, struct err *err)
{
	struct publisher p = { .request = request, .n = request->n_ports };
	int r = 0;

	p.ports = arena_array(arena, request->n_ports + PORTS_MAX, sizeof(*p.ports));
	if (!p.ports)
		return err_set(err, ENOMEM, "out of memory");
	if (p.n > 0)
		memcpy(p.ports, request->ports, p.n * sizeof(*p.ports));
	for (size_t i = 0; r == 0 && i < exposed->n; i++) {
		struct exposed_ports range = { 0 };

		r = port_parse_exposed(exposed->items[i], &range, err);
		if (r == 0)
			r = publish(&p, &range, err);
	}
	let_go(&p);
	if (r < 0)
		return err_wrap(err, "the image's exposed ports");
	request->ports = p.ports;
	request->n_ports = p.n;
	return 0;
}
