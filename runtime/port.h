/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PORT_H
#define IMMURE_RUNTIME_PORT_H

#include "base/arena.h"
#include "base/err.h"
#include "sandbox/plan.h"

/*
 * Read "[ADDRESS:]OUTSIDE:INSIDE[/tcp|/udp]".
 *
 *   text  as typed; an IPv6 address stands in brackets
 *   ret   filled only on success; the address lives in arena. 127.0.0.1 where none was typed: what
 *         the whole network shall reach must be asked for
 *
 * Returns   0, -EINVAL, -ENOMEM.
 */
must_check int port_parse(const char *text, struct arena *arena, struct plan_port *ret,
			  struct err *err);

#endif
