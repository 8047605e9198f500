/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/net_rule.h"

#include <string.h>

#define NAME_MAX_BYTES 253
#define LABEL_MAX_BYTES 63

const struct net_floor net_floors[] = {
	{ "169.254.0.0/16", { .bytes = { 169, 254 } }, 16 },
	{ "fd00:ec2::/32", { .v6 = true, .bytes = { 0xfd, 0x00, 0x0e, 0xc2 } }, 32 },
	{ "fe80::/10", { .v6 = true, .bytes = { 0xfe, 0x80 } }, 10 },
};
const size_t n_net_floors = ARRAY_LEN(net_floors);

static const struct address resolver = { .bytes = { 169, 254, 1, 53 } };

static bool in_floor(const struct address *address, unsigned bits)
{
	for (size_t i = 0; i < ARRAY_LEN(net_floors); i++) {
		if (bits >= net_floors[i].bits &&
		    address_is_in(address, &net_floors[i].prefix, net_floors[i].bits))
			return true;
	}
	return false;
}

bool net_target_in_floor(const struct net_target *target)
{
	return target->host == NET_PREFIX && in_floor(&target->prefix, target->bits);
}

struct net_query net_query_of(enum net_verb verb, unsigned protocol, const struct net_target *one)
{
	static const struct address any = { 0 };
	struct net_query query = { .verb = verb, .protocol = protocol, .port = one->low };

	if (one->host == NET_NAME)
		query.name = one->name;
	else if (one->host == NET_RESOLVED)
		query.address = &resolver;
	else
		query.address = one->host == NET_ANY ? &any : &one->prefix;
	return query;
}

static bool names_host(const struct net_target *to, const struct net_query *query)
{
	switch (to->host) {
	case NET_ANY:
		return true;
	case NET_PREFIX:
		return query->address && address_is_in(query->address, &to->prefix, to->bits);
	case NET_NAME:
		return query->name && strcmp(query->name, to->name) == 0;
	case NET_RESOLVED:
		return (query->address && address_eq(query->address, &resolver)) ||
		       (query->name && strcmp(query->name, "resolver") == 0);
	case NET_HOST_COUNT:
		break;
	}
	return false;
}

void net_target_ports(const struct net_target *target, uint16_t *ret_low, uint16_t *ret_high)
{
	bool chosen = target->high == 0;

	*ret_low = chosen ? NET_CHOSEN_LOW : target->low;
	*ret_high = chosen ? NET_CHOSEN_HIGH : target->high;
}

static bool names(const struct net_rule *rule, const struct net_query *query)
{
	uint16_t low;
	uint16_t high;

	net_target_ports(&rule->to, &low, &high);
	return rule->protocols & query->protocol && names_host(&rule->to, query) &&
	       ((query->port >= low && query->port <= high) ||
		(query->port == 0 && rule->to.high == 0));
}

static const struct net_rule *find(const struct net_table *table, enum net_verb verb,
				   const struct net_query *query, bool floor)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct net_rule *rule = &table->rules[i];
		bool reaches = !floor || net_target_in_floor(&rule->to) ||
			       rule->to.host == NET_RESOLVED || verb == NET_DENY;

		if (rule->verb == verb && reaches && names(rule, query))
			return rule;
	}
	return NULL;
}

struct net_answer net_decide(const struct net_table *table, const struct net_query *query)
{
	struct net_answer answer = { .allowed = !table->stated };
	bool connects = query->verb == NET_CONNECT;
	const struct net_rule *denies = connects ? find(table, NET_DENY, query, false) : NULL;
	bool floor = connects && query->address &&
		     in_floor(query->address, address_bits(query->address));

	/* Without rules the resolver is there for everybody. */
	if (!table->stated && floor && address_eq(query->address, &resolver))
		floor = false;
	if (denies)
		return (struct net_answer){ .rule = denies };
	answer.rule = find(table, query->verb, query, floor);
	/* What the sandbox serves on its own loopback it may reach there. */
	if (!answer.rule && connects && query->address && address_is_loopback(query->address))
		answer.rule = find(table, NET_LISTEN, query, false);
	answer.floor = floor && !answer.rule;
	answer.allowed = answer.rule || (answer.allowed && !answer.floor);
	return answer;
}

static bool is_label(struct span label, bool *ret_letters)
{
	*ret_letters = false;
	if (label.n == 0 || label.n > LABEL_MAX_BYTES || label.p[0] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];
		bool letter = c >= 'a' && c <= 'z';

		*ret_letters = *ret_letters || letter;
		if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool net_name_is_valid(const char *name)
{
	struct span rest = span_of(name);
	bool letters = false;

	if (rest.n > NAME_MAX_BYTES || (rest.n > 0 && rest.p[rest.n - 1] == '.'))
		return false;
	while (rest.n > 0) {
		if (!is_label(span_cut(&rest, '.'), &letters))
			return false;
	}
	return letters;
}

const char *net_verb_name(enum net_verb verb)
{
	static const char *const verbs[] = { "connect", "listen", "deny" };

	return verbs[verb];
}

const char *net_protocols_name(unsigned protocols)
{
	return protocols == NET_TCP ? "tcp" : protocols == NET_UDP ? "udp" : "tcp,udp";
}

static void print_host(const struct net_target *target, struct strbuf *out)
{
	switch (target->host) {
	case NET_ANY:
		strbuf_putc(out, '*');
		break;
	case NET_PREFIX:
		strbuf_puts(out, target->prefix.v6 ? "[" : "");
		address_print(&target->prefix, out);
		strbuf_puts(out, target->prefix.v6 ? "]" : "");
		if (target->bits < address_bits(&target->prefix))
			strbuf_addf(out, "/%u", target->bits);
		break;
	case NET_NAME:
		strbuf_puts(out, target->name);
		break;
	case NET_RESOLVED:
		strbuf_puts(out, "resolver");
		break;
	case NET_HOST_COUNT:
		break;
	}
}

void net_target_print(const struct net_target *target, struct strbuf *out)
{
	print_host(target, out);
	if (target->low <= 1 && target->high == UINT16_MAX)
		strbuf_puts(out, ":*");
	else if (target->low == target->high)
		strbuf_addf(out, ":%u", target->low);
	else
		strbuf_addf(out, ":%u-%u", target->low, target->high);
}

void net_rule_print(const struct net_rule *rule, struct strbuf *out)
{
	if (rule->verb == NET_DENY)
		strbuf_addf(out, "deny %sto ",
			    rule->protocols == NET_TCP   ? "tcp "
			    : rule->protocols == NET_UDP ? "udp "
							 : "");
	else
		strbuf_addf(out, "%s %s ", net_verb_name(rule->verb),
			    net_protocols_name(rule->protocols));
	net_target_print(&rule->to, out);
	if (rule->program)
		strbuf_addf(out, " from %s", rule->program);
}
