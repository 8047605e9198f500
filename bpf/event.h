/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_EVENT_H
#define IMMURE_BPF_EVENT_H

/* Bytes of a ring → an event whose parts can be trusted to be there. Pure; fuzzed. */

#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "bpf/events.h"

/* Points into the bytes it was made from. */
struct event {
	struct tracer_event head; /* a copy */
	struct span first, second;
	bool has_tuple;
	struct tracer_socket tuple; /* a copy */
};

/*
 * Check and take apart one record of a ring.
 *
 *   bytes  not trusted, whatever the kernel is
 *
 * Returns   0, or -EBADMSG (cut short, lengths beyond the end, a type that is not known).
 */
must_check int event_decode(struct span bytes, struct event *ret, struct err *err);

/* How many calls a TRACER_BATCH holds: 0 for other events. And one of them. */
size_t event_calls(const struct event *event);
void event_call(const struct event *event, size_t i, struct tracer_return *ret);

/* The path of a TRACER_PATH event, "/" first. Components may hold any byte but "/" and NUL. */
void event_path(const struct event *event, struct strbuf *out);

/* Cut the next NUL-terminated string of *rest, which may also end without NUL. */
struct span event_cut_string(struct span *rest);

/*
 * The name that a DNS query asks for, with dots; escaped as strbuf_escaped() does.
 *
 * Returns   the type that is asked for (1: A, 28: AAAA), or -EBADMSG and out as it was.
 * Source    RFC 1035, 4.1
 */
int event_dns_name(struct span query, struct strbuf *out);

#endif
