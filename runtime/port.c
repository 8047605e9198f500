/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/port.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

static int number(struct span digits, uint16_t *ret, struct err *err)
{
	uint64_t value = 0;

	if (span_u64(digits, UINT16_MAX, &value) < 0 || value == 0)
		return err_set(err, EINVAL, "\"%.*s\" is no port: expected 1 to 65535",
			       (int)(digits.n < 40 ? digits.n : 40), digits.p);
	*ret = (uint16_t)value;
	return 0;
}

/* Numeric, so that no name service decides where a port is open. */
static int address(struct span typed, struct arena *arena, const char **ret, struct err *err)
{
	unsigned char bytes[16];
	const char *copy;
	bool v6 = typed.n >= 2 && typed.p[0] == '[' && typed.p[typed.n - 1] == ']';

	if (v6)
		typed = (struct span){ typed.p + 1, typed.n - 2 };
	copy = arena_strndup(arena, typed.p, typed.n);
	if (!copy)
		return err_set(err, ENOMEM, "out of memory");
	if (inet_pton(v6 ? AF_INET6 : AF_INET, copy, bytes) != 1)
		return err_set(err, EINVAL, "\"%.50s\" is no address: expected 127.0.0.1 or [::1]",
			       copy);
	*ret = copy;
	return 0;
}

static int protocol(struct span *rest, bool *ret_udp, struct err *err)
{
	const char *slash = memchr(rest->p, '/', rest->n);
	struct span name = { 0 };

	if (!slash)
		return 0;
	name = (struct span){ slash + 1, rest->n - (size_t)(slash + 1 - rest->p) };
	rest->n = (size_t)(slash - rest->p);
	*ret_udp = span_eq(name, "udp");
	if (!*ret_udp && !span_eq(name, "tcp"))
		return err_set(err, EINVAL, "\"%.*s\": expected tcp or udp",
			       (int)(name.n < 40 ? name.n : 40), name.p);
	return 0;
}

/* The part behind the last colon that is not inside brackets. */
static struct span last_part(struct span *rest)
{
	size_t i = rest->n;

	while (i > 0 && rest->p[i - 1] != ':' && rest->p[i - 1] != ']')
		i--;
	if (i == 0 || rest->p[i - 1] != ':') {
		struct span all = *rest;

		rest->n = 0;
		return all;
	}
	struct span part = { rest->p + i, rest->n - i };

	rest->n = i - 1;
	return part;
}

int port_parse(const char *text, struct arena *arena, struct plan_port *ret, struct err *err)
{
	struct plan_port port = { .address = "127.0.0.1" };
	struct span rest = span_of(text);
	struct span inside;
	struct span outside;
	bool alone = !span_has_byte(rest, ':');
	int r = protocol(&rest, &port.udp, err);

	if (r < 0)
		return r;
	inside = last_part(&rest);
	outside = last_part(&rest);
	r = number(inside, &port.inside, err);
	if (r == 0 && (outside.n > 0 || (!alone && rest.n == 0)))
		r = number(outside, &port.outside, err);
	if (r == 0 && rest.n > 0)
		r = address(rest, arena, &port.address, err);
	if (r == 0)
		*ret = port;
	return r;
}

int port_parse_exposed(const char *text, struct exposed_ports *ret, struct err *err)
{
	struct exposed_ports ports = { 0 };
	struct span rest = span_of(text);
	int r = protocol(&rest, &ports.udp, err);
	bool is_range = span_has_byte(rest, '-');

	if (r == 0)
		r = number(span_cut(&rest, '-'), &ports.first, err);
	ports.last = ports.first;
	if (r == 0 && is_range)
		r = number(rest, &ports.last, err);
	if (r < 0)
		return r;
	if (ports.last < ports.first)
		return err_set(err, EINVAL, "\"%.50s\": the last port is below the first", text);
	*ret = ports;
	return 0;
}
