/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/event.h"

#include <string.h>

#define DNS_HEADER 12
#define DNS_LABEL_MAX 63
#define PATH_NAMES_MAX 128

int event_decode(struct span bytes, struct event *ret, struct err *err)
{
	struct event event = { 0 };
	struct span rest = bytes;

	if (rest.n < sizeof(event.head))
		return err_set(err, EBADMSG, "an event of %zu bytes is too short", bytes.n);
	memcpy(&event.head, rest.p, sizeof(event.head));
	rest = (struct span){ rest.p + sizeof(event.head), rest.n - sizeof(event.head) };
	if (event.head.type == 0 || event.head.type >= TRACER_TYPE_END)
		return err_set(err, EBADMSG, "an event of the unknown type %u", event.head.type);
	if ((size_t)event.head.first_len + event.head.second_len > rest.n)
		return err_set(err, EBADMSG, "an event that is cut short");
	event.first = (struct span){ rest.p, event.head.first_len };
	event.second = (struct span){ rest.p + event.first.n, event.head.second_len };
	event.has_tuple = event.head.flags & TRACER_TUPLE;
	if (event.has_tuple) {
		if (event.first.n != sizeof(event.tuple))
			return err_set(err, EBADMSG, "an event without its socket");
		memcpy(&event.tuple, event.first.p, sizeof(event.tuple));
		event.first = (struct span){ 0 };
	}
	if (event.head.type == TRACER_BATCH &&
	    (event.head.args[0] == 0 || event.head.args[0] > TRACER_BATCH_CALLS ||
	     event.first.n != event.head.args[0] * sizeof(struct tracer_return)))
		return err_set(err, EBADMSG, "a batch of calls that are not there");
	*ret = event;
	return 0;
}

size_t event_calls(const struct event *event)
{
	return event->head.type == TRACER_BATCH ? (size_t)event->head.args[0] : 0;
}

void event_call(const struct event *event, size_t i, struct tracer_return *ret)
{
	memcpy(ret, event->first.p + i * sizeof(*ret), sizeof(*ret));
}

struct span event_cut_string(struct span *rest)
{
	return span_cut(rest, '\0');
}

void event_path(const struct event *event, struct strbuf *out)
{
	struct span names[PATH_NAMES_MAX];
	struct span rest = event->first;
	size_t n = 0;

	while (rest.n > 0 && n < PATH_NAMES_MAX)
		names[n++] = event_cut_string(&rest);
	if (event->head.flags & TRACER_CUT)
		strbuf_puts(out, "...");
	if (n == 0)
		strbuf_putc(out, '/');
	while (n > 0) {
		strbuf_putc(out, '/');
		strbuf_span(out, names[--n]);
	}
}

int event_dns_name(struct span query, struct strbuf *out)
{
	cleanup_strbuf struct strbuf name = { 0 };
	size_t at = DNS_HEADER;

	/* One question at least, and a question rather than an answer. */
	if (query.n < DNS_HEADER || (query.p[2] & 0x80) || (query.p[4] == 0 && query.p[5] == 0))
		return -EBADMSG;
	while (at < query.n && query.p[at] != 0) {
		size_t label = (unsigned char)query.p[at++];

		if (label > DNS_LABEL_MAX || label > query.n - at)
			return -EBADMSG;
		if (name.len > 0)
			strbuf_putc(&name, '.');
		strbuf_escaped(&name, query.p + at, label);
		at += label;
	}
	if (query.n < 3 || at > query.n - 3 || name.failed || name.len == 0)
		return -EBADMSG;
	strbuf_add(out, name.p, name.len);
	return (unsigned char)query.p[at + 1] << 8 | (unsigned char)query.p[at + 2];
}
