/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PORT_H
#define IMMURE_RUNTIME_PORT_H

#include "base/arena.h"
#include "base/err.h"
#include "sandbox/plan.h"

/*
 * Read "[ADDRESS:]OUTSIDE:INSIDE[/tcp|/udp]", "ADDRESS::INSIDE" or "INSIDE": outside 0, any that is
 * free.
 *
 *   text  as typed; an IPv6 address stands in brackets
 *   ret   filled only on success; the address lives in arena. 127.0.0.1 where none was typed: what
 *         the whole network shall reach must be asked for
 *
 * Returns   0, -EINVAL, -ENOMEM.
 */
must_check int port_parse(const char *text, struct arena *arena, struct plan_port *ret,
			  struct err *err);

/* What an image exposes. */
struct exposed_ports {
	uint16_t first, last; /* first <= last */
	bool udp;
};

/* Read "80", "80/tcp", "8000-8003/udp". Returns 0, -EINVAL. */
must_check int port_parse_exposed(const char *text, struct exposed_ports *ret, struct err *err);

#endif
