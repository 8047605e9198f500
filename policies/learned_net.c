/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that were seen, to rules. The next run may get another answer to the same name: where
 * several addresses share a port, the network or all of them are granted, by a rule that the
 * policy's line names. Unix sockets are files.
 */
#include <errno.h>
#include <string.h>

#include "policies/learned_policy.h"

#define MANY 4 /* as many addresses on one port are taken for more of them */
#define DNS_PORT 53

/* "net connect tcp 10.0.0.1:80" */
struct seen {
	struct span verb, protocol, target;
	struct address address;
	uint16_t port;
};

static const char *last_colon(struct span text)
{
	while (text.n > 0 && text.p[text.n - 1] != ':')
		text.n--;
	return text.n > 0 ? text.p + text.n - 1 : NULL;
}

static bool parse(const char *text, struct seen *ret)
{
	struct span rest = span_of(text);
	const char *colon;
	struct span port_text;
	struct span host;
	uint64_t port = 0;

	if (!span_eq(span_word(&rest), "net"))
		return false;
	ret->verb = span_word(&rest);
	ret->protocol = span_word(&rest);
	ret->target = span_word(&rest);
	colon = last_colon(ret->target);
	if (!colon || (!span_eq(ret->protocol, "tcp") && !span_eq(ret->protocol, "udp")))
		return false;
	host = (struct span){ ret->target.p, (size_t)(colon - ret->target.p) };
	port_text = (struct span){ colon + 1, ret->target.n - host.n - 1 };
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct span){ host.p + 1, host.n - 2 };
	if (address_parse(host, &ret->address) < 0 || span_u64(port_text, UINT16_MAX, &port) < 0)
		return false;
	ret->port = (uint16_t)port;
	return true;
}

static bool same_word(struct span a, struct span b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/*
 * A datagram socket that is connected and sends nothing: how libc finds the address that it would
 * be seen with, before it connects for real.
 */
static bool looks_for_a_route(const struct grants *g, const struct seen *udp)
{
	if (udp->port == 0)
		return true;
	for (size_t i = 0; i < g->learned->n_items; i++) {
		struct seen other = { 0 };

		if (parse(g->learned->items[i].text, &other) && span_eq(other.protocol, "tcp") &&
		    span_eq(other.verb, "connect") && other.port == udp->port &&
		    address_eq(&other.address, &udp->address))
			return true;
	}
	return false;
}

/* Others on the same port: how many, and whether the first 24 bits (64 of IPv6) are the same. */
static size_t others(const struct grants *g, const struct seen *one, bool *ret_near)
{
	unsigned bits = one->address.v6 ? 64 : 24;
	struct address network = one->address;
	size_t n = 0;

	address_mask(&network, bits);
	*ret_near = true;
	for (size_t i = 0; i < g->learned->n_items; i++) {
		struct seen other = { 0 };

		if (!parse(g->learned->items[i].text, &other) ||
		    !same_word(other.verb, one->verb) ||
		    !same_word(other.protocol, one->protocol) || other.port != one->port ||
		    address_is_loopback(&other.address))
			continue;
		n++;
		*ret_near = *ret_near && address_is_in(&other.address, &network, bits);
	}
	return n;
}

static bool is_any(const struct address *address)
{
	struct address head = *address;

	address_mask(&head, 0);
	return address_eq(&head, address);
}

/* What is served on the own loopback may be reached there: its rule is that of the listener. */
static bool is_served(const struct grants *g, const struct seen *one)
{
	for (size_t i = 0; i < g->learned->n_items; i++) {
		struct seen other = { 0 };
		bool chosen;

		if (!parse(g->learned->items[i].text, &other) || !span_eq(other.verb, "listen") ||
		    !same_word(other.protocol, one->protocol) ||
		    (!is_any(&other.address) && !address_eq(&other.address, &one->address)))
			continue;
		chosen = other.port == 0 && one->port >= NET_CHOSEN_LOW &&
			 one->port <= NET_CHOSEN_HIGH;
		if (chosen || other.port == one->port)
			return true;
	}
	return false;
}

/* The target as a rule has it, and the reason where it is wider than what was seen. */
static const char *target_of(const struct grants *g, const struct seen *one, const char **ret_note)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct address address = one->address;
	const char *open = address.v6 ? "[" : "";
	const char *close = address.v6 ? "]" : "";
	bool listens = span_eq(one->verb, "listen");
	bool near = false;
	bool many = !listens && !address_is_loopback(&address) && others(g, one, &near) >= MANY;

	if (!listens && one->port == DNS_PORT && !address_is_loopback(&address)) {
		*ret_note = "a name server";
		return "resolver:53";
	}
	if ((listens && is_any(&address)) || (many && !near)) {
		*ret_note = many ? "many addresses" : NULL;
		return arena_printf(g->arena, "*:%u", one->port);
	}
	if (many) {
		*ret_note = "many addresses of a network";
		address_mask(&address, address.v6 ? 64 : 24);
	}
	strbuf_puts(&out, open);
	address_print(&address, &out);
	strbuf_puts(&out, close);
	if (many)
		strbuf_addf(&out, "/%d", address.v6 ? 64 : 24);
	strbuf_addf(&out, ":%u", one->port);
	return out.failed ? NULL : arena_strdup(g->arena, strbuf_str(&out));
}

int grants_add_net(struct grants *g)
{
	for (size_t i = 0; i < g->learned->n_items; i++) {
		const struct learned_item *item = &g->learned->items[i];
		struct grant grant = { .kind = GRANT_NET, .runs = item->runs };
		struct seen one = { 0 };

		if (!parse(item->text, &one) ||
		    (span_eq(one.protocol, "udp") && span_eq(one.verb, "connect") &&
		     looks_for_a_route(g, &one)) ||
		    (one.port == 0 &&
		     !(span_eq(one.verb, "listen") && span_eq(one.protocol, "tcp"))))
			continue;
		if (span_eq(one.verb, "connect") && address_is_loopback(&one.address) &&
		    is_served(g, &one))
			continue;
		grant.subject = arena_printf(g->arena, "%.*s %.*s", (int)one.verb.n, one.verb.p,
					     (int)one.protocol.n, one.protocol.p);
		grant.object = target_of(g, &one, &grant.note);
		if (!grant.subject || !grant.object || grants_add(g, grant) < 0)
			return -ENOMEM;
	}
	return 0;
}
