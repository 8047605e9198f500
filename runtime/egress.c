/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/egress.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "policies/net_rule.h"

#define PATIENCE_MS 5000

/* Returns 1 when a message is whole, 0 when nothing is there, -1 at the end of file. */
static int next(struct egress *e, int flags)
{
	while (e->have < sizeof(e->message)) {
		ssize_t n = recv(e->fd, (char *)&e->message + e->have, sizeof(e->message) - e->have,
				 flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		e->have += (size_t)n;
	}
	e->have = 0;
	return 1;
}

static bool same_kind(const struct uplink_message *a, const struct uplink_message *b)
{
	return a->in == b->in && a->v6 == b->v6 && a->protocol == b->protocol &&
	       a->to_port == b->to_port && memcmp(a->to, b->to, sizeof(a->to)) == 0;
}

/* How often a packet of this kind was announced if that deserves a record, else 0. */
static uint64_t count(struct egress *e, const struct uplink_message *packet)
{
	struct egress_slot *slot = NULL;

	e->announced += !e->bundle->audit_only;
	for (size_t i = 0; i < e->n_slots && !slot; i++) {
		if (same_kind(&e->slots[i].packet, packet))
			slot = &e->slots[i];
	}
	if (!slot && e->n_slots == EGRESS_SLOTS)
		return 0;
	if (!slot) {
		slot = &e->slots[e->n_slots++];
		slot->packet = *packet;
	}
	return denial_is_told(++slot->n) ? slot->n : 0;
}

static struct record_peer peer_of(const struct uplink_message *packet, bool to)
{
	struct record_peer peer = { .family = packet->v6 ? AF_INET6 : AF_INET,
				    .port = to ? packet->to_port : packet->from_port };

	memcpy(peer.address, to ? packet->to : packet->from, packet->v6 ? 16 : 4);
	return peer;
}

/* The rule that denies it; that none grants it is known already. */
static const struct rule *decided_by(const struct egress *e, const struct uplink_message *packet)
{
	struct address to = { .v6 = packet->v6 };
	struct net_query query = {
		.verb = packet->in ? NET_LISTEN : NET_CONNECT,
		.protocol = packet->protocol == IPPROTO_UDP ? NET_UDP : NET_TCP,
		.address = &to,
		.port = packet->to_port,
	};
	struct net_answer answer;

	memcpy(to.bytes, packet->to, packet->v6 ? 16 : 4);
	answer = net_decide(&e->bundle->net, &query);
	return answer.rule && !answer.allowed ? answer.rule->rule : NULL;
}

static int record_packet(struct egress *e, const struct uplink_message *packet, struct err *err)
{
	const struct rule *rule = decided_by(e, packet);
	cleanup_strbuf struct strbuf text = { 0 };
	struct record record = {
		.kind = e->bundle->audit_only ? RECORD_WOULD_DENY : RECORD_DENIED,
		.source = SOURCE_SUPERVISOR,
		.has = HAS_COUNT | HAS_ERROR | HAS_RULE,
		.error = packet->protocol == IPPROTO_TCP ? ECONNREFUSED : EPERM,
		.layer = "netns",
		.count = count(e, packet),
		.local = peer_of(packet, packet->in),
		.remote = peer_of(packet, !packet->in),
		.protocol = packet->protocol == IPPROTO_TCP   ? "tcp"
			    : packet->protocol == IPPROTO_UDP ? "udp"
							      : NULL,
	};

	if (record.count == 0)
		return 0;
	e->recorded++;
	strbuf_addf(&text, "%s %s ", packet->in ? "listen" : "connect",
		    record.protocol ? record.protocol : "other");
	record_peer_text(packet->in ? &record.local : &record.remote, &text);
	record.text = (struct span){ strbuf_str(&text), text.len };
	if (rule) {
		record.rule_file = rule->where.file;
		record.rule_line = rule->where.line;
		record.rule_text = rule->text;
	}
	return event_log_add(e->log, &record, err);
}

int egress_turn(struct egress *egress, struct err *err)
{
	for (;;) {
		int got = egress->fd < 0 ? 0 : next(egress, MSG_DONTWAIT);
		int r = 0;

		if (got < 0)
			egress->fd = -1;
		if (got <= 0)
			return 0;
		if (egress->message.kind == UPLINK_REFUSED)
			r = record_packet(egress, &egress->message, err);
		if (r < 0)
			return r;
	}
}

static void take_counter(struct egress *e)
{
	const struct uplink_message *m = &e->message;
	const struct evidence_counter counter = { NULL, NULL, m->packets, m->bytes };

	if (m->rule == UPLINK_REFUSED_OUT)
		e->net.refused_out = counter;
	else if (m->rule == UPLINK_REFUSED_IN)
		e->net.refused_in = counter;
	else if (m->rule < e->net.n) {
		e->net.rules[m->rule].packets = m->packets;
		e->net.rules[m->rule].bytes = m->bytes;
	}
}

static int name_rules(struct egress *e, struct arena *arena, struct err *err)
{
	const struct net_table *net = &e->bundle->net;

	e->net.stated = net->stated && !e->bundle->audit_only;
	e->net.n = net->n;
	e->net.rules = arena_array(arena, net->n + 1, sizeof(*e->net.rules));
	if (!e->net.rules)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < net->n; i++) {
		cleanup_strbuf struct strbuf text = { 0 };

		net_rule_print(&net->rules[i], &text);
		e->net.rules[i].rule = arena_strdup(arena, strbuf_str(&text));
		e->net.rules[i].where = &net->rules[i].rule->where;
		if (!e->net.rules[i].rule)
			return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

int egress_finish(struct egress *egress, struct arena *arena, struct err *err)
{
	struct pollfd fd = { .fd = egress->fd, .events = POLLIN };
	int r = name_rules(egress, arena, err);

	egress->net.asked = true;
	if (r < 0 || egress->fd < 0)
		return r;
	shutdown(egress->fd, SHUT_WR);
	while (!egress->net.complete) {
		if (poll(&fd, 1, PATIENCE_MS) <= 0 && errno != EINTR)
			break;
		if (next(egress, MSG_DONTWAIT) < 0)
			break;
		if (egress->have > 0)
			continue;
		if (egress->message.kind == UPLINK_REFUSED)
			r = record_packet(egress, &egress->message, err);
		else if (egress->message.kind == UPLINK_COUNTER)
			take_counter(egress);
		egress->net.complete = egress->message.kind == UPLINK_END;
		if (r < 0)
			return r;
	}
	if (egress->bundle->audit_only)
		egress->table->audited +=
			egress->net.refused_out.packets + egress->net.refused_in.packets;
	else
		egress->table->total +=
			egress->net.refused_out.packets + egress->net.refused_in.packets;
	egress->announced = 0;
	egress->table->recorded += egress->recorded;
	return 0;
}
