/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections are judged by their first packet; what belongs to one that was let through passes,
 * and so do the kernel's own messages of IPv6. Denies come first, then what names an address of
 * the floor, the floor, and the other grants; what is left is refused.
 */
#include "policies/to_nft.h"

#include <string.h>

#include "policies/policy.h"

/* Kernel's own: neighbours, routers, groups. No socket that the filter allows can make them. */
#define KERNEL_OUT                                                                       \
	"\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, " \
	"mld-listener-report, mld-listener-done, mld2-listener-report } accept\n"        \
	"\t\tip protocol igmp drop\n"
#define KERNEL_IN                                                                       \
	"\t\ticmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, " \
	"mld-listener-query } accept\n"                                                 \
	"\t\tip protocol igmp drop\n"

struct nft {
	const struct net_table *net;
	struct strbuf *out;
	const char *floor; /* the chain that refuses it */
};

static void put_comment(const struct nft *t, const struct net_rule *rule)
{
	strbuf_puts(t->out, "\t\t# ");
	strbuf_escaped(t->out, rule->rule->where.file, strlen(rule->rule->where.file));
	strbuf_addf(t->out, ":%u  ", rule->rule->where.line);
	net_rule_print(rule, t->out);
	strbuf_putc(t->out, '\n');
}

static void put_ports(const struct nft *t, const struct net_rule *rule)
{
	uint16_t low;
	uint16_t high;
	const char *match = rule->protocols == NET_BOTH  ? "meta l4proto { tcp, udp } th dport"
			    : rule->protocols == NET_TCP ? "tcp dport"
							 : "udp dport";

	net_target_ports(&rule->to, &low, &high);
	if (low <= 1 && high == UINT16_MAX)
		strbuf_addf(t->out, "meta l4proto %s",
			    rule->protocols == NET_BOTH  ? "{ tcp, udp }"
			    : rule->protocols == NET_TCP ? "tcp"
							 : "udp");
	else if (low == high)
		strbuf_addf(t->out, "%s %u", match, low);
	else
		strbuf_addf(t->out, "%s %u-%u", match, low, high);
}

/* One line: `head` and the address, ports, counter, verdict. */
static void put_line(const struct nft *t, size_t i, const char *head, const char *address,
		     const char *verdict)
{
	strbuf_addf(t->out, "\t\t%s%s", head, address);
	put_ports(t, &t->net->rules[i]);
	strbuf_addf(t->out, " counter name \"r%zu\" %s\n", i, verdict);
}

/* A line for each family that the target has. */
static void put_rule(const struct nft *t, size_t i, const char *verdict)
{
	const struct net_target *to = &t->net->rules[i].to;
	cleanup_strbuf struct strbuf text = { 0 };

	put_comment(t, &t->net->rules[i]);
	switch (to->host) {
	case NET_ANY:
		put_line(t, i, "", "", verdict);
		return;
	case NET_NAME:
		strbuf_addf(&text, "ip daddr @n%zu_4 ", i);
		put_line(t, i, "", strbuf_str(&text), verdict);
		strbuf_reset(&text);
		strbuf_addf(&text, "ip6 daddr @n%zu_6 ", i);
		break;
	case NET_RESOLVED:
		strbuf_puts(&text, "ip daddr " NET_RESOLVER " ");
		break;
	case NET_PREFIX:
		strbuf_puts(&text, to->prefix.v6 ? "ip6" : "ip");
		if (to->bits == 0) { /* nft takes no prefix of no bits here */
			strbuf_reset(&text);
			strbuf_addf(&text, "meta nfproto ipv%c ", to->prefix.v6 ? '6' : '4');
			break;
		}
		strbuf_puts(&text, " daddr ");
		address_print(&to->prefix, &text);
		strbuf_addf(&text, "/%u ", to->bits);
		break;
	case NET_HOST_COUNT:
		return;
	}
	t->out->failed = t->out->failed || text.failed;
	put_line(t, i, "", strbuf_str(&text), verdict);
}

static bool covers_loopback(const struct net_target *to, bool v6)
{
	static const struct address four = { .bytes = { 127, 0, 0, 1 } };
	static const struct address six = { .v6 = true, .bytes = { [15] = 1 } };

	return to->host == NET_ANY || (to->host == NET_PREFIX &&
				       (address_is_in(v6 ? &six : &four, &to->prefix, to->bits) ||
					(address_is_loopback(&to->prefix) && to->prefix.v6 == v6)));
}

/* What is served on the own loopback may be reached there; published ports come in that way. */
static void put_served(const struct nft *t, size_t i)
{
	static const char *const own[] = { "127.0.0.0/8", "::1" };
	const struct net_target *to = &t->net->rules[i].to;

	if (t->net->rules[i].verb != NET_LISTEN)
		return;
	for (int v6 = 0; v6 < 2; v6++) {
		cleanup_strbuf struct strbuf text = { 0 };

		if (!covers_loopback(to, v6))
			continue;
		strbuf_addf(&text, "oif lo %s daddr ", v6 ? "ip6" : "ip");
		if (to->host == NET_PREFIX && address_is_loopback(&to->prefix)) {
			address_print(&to->prefix, &text);
			strbuf_addf(&text, "/%u ", to->bits);
		} else {
			strbuf_addf(&text, "%s ", own[v6]);
		}
		t->out->failed = t->out->failed || text.failed;
		strbuf_addf(t->out, "\t\t%s", strbuf_str(&text));
		put_ports(t, &t->net->rules[i]);
		strbuf_puts(t->out, " accept\n");
	}
}

static const struct net_pin *find_pin(const struct net_pin *pins, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(pins[i].name, name) == 0)
			return &pins[i];
	}
	return NULL;
}

static void put_set(const struct nft *t, size_t i, const struct net_pin *pin, bool v6)
{
	bool any = false;

	strbuf_addf(t->out, "\tset n%zu_%c {\n\t\ttype ipv%c_addr\n", i, v6 ? '6' : '4',
		    v6 ? '6' : '4');
	for (size_t k = 0; pin && k < pin->n; k++) {
		if (pin->addresses[k].v6 != v6)
			continue;
		strbuf_puts(t->out, any ? ", " : "\t\telements = { ");
		any = true;
		address_print(&pin->addresses[k], t->out);
	}
	strbuf_addf(t->out, "%s\t}\n", any ? " }\n" : "");
}

static void put_objects(const struct nft *t, const struct net_pin *pins, size_t n_pins)
{
	for (size_t i = 0; i < t->net->n; i++)
		strbuf_addf(t->out, "\tcounter r%zu {\n\t}\n", i);
	strbuf_puts(t->out,
		    "\tcounter " NFT_REFUSED_OUT " {\n\t}\n\tcounter " NFT_REFUSED_IN " {\n\t}\n");
	for (size_t i = 0; i < t->net->n; i++) {
		const struct net_target *to = &t->net->rules[i].to;
		const struct net_pin *pin;

		if (to->host != NET_NAME)
			continue;
		pin = find_pin(pins, n_pins, to->name);
		strbuf_addf(t->out, "\t# %s\n", to->name);
		put_set(t, i, pin, false);
		put_set(t, i, pin, true);
	}
}

static void put_refusal(const struct nft *t, const char *name, unsigned flags)
{
	strbuf_addf(t->out, "\tchain %s {\n\t\tcounter name \"%s\"\n", name, name);
	if (flags & NFT_LOG)
		strbuf_addf(t->out,
			    "\t\tlimit rate 100/second burst 100 packets log prefix \"%s\" "
			    "group %d\n",
			    name, NFT_LOG_GROUP);
	if (flags & NFT_AUDIT)
		strbuf_puts(t->out, "\t\taccept\n\t}\n");
	else
		strbuf_puts(t->out, "\t\tmeta l4proto tcp reject with tcp reset\n"
				    "\t\treject with icmpx type admin-prohibited\n\t}\n");
}

static void put_floor(const struct nft *t)
{
	for (size_t i = 0; i < n_net_floors; i++)
		strbuf_addf(t->out, "\t\t%s daddr %s meta l4proto { tcp, udp } goto %s\n",
			    net_floors[i].prefix.v6 ? "ip6" : "ip", net_floors[i].text, t->floor);
}

static void put_out(const struct nft *t)
{
	const struct net_table *net = t->net;

	strbuf_puts(t->out, "\tchain out {\n\t\ttype filter hook output priority filter; policy "
			    "drop;\n\t\tct state established,related accept\n" KERNEL_OUT);
	for (size_t i = 0; i < net->n; i++) {
		if (net->rules[i].verb == NET_DENY)
			put_rule(t, i, "goto " NFT_REFUSED_OUT);
	}
	for (size_t i = 0; i < net->n; i++) {
		if (net->rules[i].verb == NET_CONNECT && (net_target_in_floor(&net->rules[i].to) ||
							  net->rules[i].to.host == NET_RESOLVED))
			put_rule(t, i, "accept");
	}
	put_floor(t);
	for (size_t i = 0; i < net->n; i++) {
		if (net->rules[i].verb == NET_CONNECT && !net_target_in_floor(&net->rules[i].to) &&
		    net->rules[i].to.host != NET_RESOLVED)
			put_rule(t, i, "accept");
	}
	for (size_t i = 0; i < net->n; i++)
		put_served(t, i);
	strbuf_puts(t->out, "\t\tgoto " NFT_REFUSED_OUT "\n\t}\n");
}

static void put_in(const struct nft *t)
{
	strbuf_puts(t->out, "\tchain in {\n\t\ttype filter hook input priority filter; policy "
			    "drop;\n\t\tct state established,related accept\n" KERNEL_IN);
	for (size_t i = 0; i < t->net->n; i++) {
		if (t->net->rules[i].verb == NET_LISTEN)
			put_rule(t, i, "accept");
	}
	strbuf_puts(t->out, "\t\tgoto " NFT_REFUSED_IN "\n\t}\n");
}

int to_nft(const struct net_table *net, const struct net_pin *pins, size_t n_pins, unsigned flags,
	   struct strbuf *out, struct err *err)
{
	bool audit = flags & NFT_AUDIT;
	const struct nft t = { net, out, audit ? "floor" : NFT_REFUSED_OUT };

	strbuf_puts(out, "table inet immure {\n");
	put_objects(&t, pins, n_pins);
	put_refusal(&t, NFT_REFUSED_OUT, flags);
	put_refusal(&t, NFT_REFUSED_IN, flags);
	if (audit)
		strbuf_puts(out, "\tchain floor {\n\t\tmeta l4proto tcp reject with tcp reset\n"
				 "\t\treject with icmpx type admin-prohibited\n\t}\n");
	if (net->stated) {
		put_out(&t);
		put_in(&t);
	} else {
		strbuf_puts(out, "\tchain out {\n\t\ttype filter hook output priority filter; "
				 "policy accept;\n\t\toif lo accept\n"
				 "\t\tip daddr " NET_RESOLVER
				 " meta l4proto { tcp, udp } th dport 53 accept\n");
		put_floor(&t);
		strbuf_puts(out, "\t}\n");
	}
	strbuf_puts(out, "}\n");
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
