/* SPDX-License-Identifier: Apache-2.0 */
/* What the network rules of the policy become: ports for Landlock, texts inside, and the ledger. */
#include <linux/in.h>
#include <string.h>
#include <sys/socket.h>

#include "policies/landlock_rights.h"
#include "policies/lsm_rules.h"
#include "sandbox/plan_parts.h"

/* Landlock takes one port at a time: with more than these it is left out, or says so. */
#define MAX_PORTS 4096

/* One protocol: what Landlock calls its two rights. */
static const struct {
	unsigned protocol;
	int type;
	const char *bind, *connect;
} protocols[] = {
	{ NET_TCP, SOCK_STREAM, "bind_tcp", "connect_tcp" },
	{ NET_UDP, SOCK_DGRAM, "bind_udp", "connect_send_udp" },
};

static bool is_without(const struct bundle *bundle, int type)
{
	return !lsm_allows_call(bundle, "socket", AF_INET, (uint32_t)type) &&
	       !lsm_allows_call(bundle, "socket", AF_INET6, (uint32_t)type);
}

/* What a rule lets be connected to: on the own loopback what is served, too. */
static bool opens(const struct planner *p, const struct net_rule *rule, enum net_verb verb)
{
	return rule->verb == verb || (verb == NET_CONNECT && rule->verb == NET_LISTEN &&
				      p->plan->network != NETWORK_HOST);
}

/* Where one listens port 0 is a port of its own; who connects meets the ports behind it. */
static uint32_t port_count(const struct net_target *to, enum net_verb verb)
{
	uint16_t low = to->low;
	uint16_t high = to->high;

	if (verb == NET_CONNECT)
		net_target_ports(to, &low, &high);
	return high - low + 1U;
}

static uint32_t count_ports(const struct planner *p, unsigned protocol, enum net_verb verb)
{
	const struct net_table *net = &p->bundle->net;
	uint32_t n = 0;

	for (size_t i = 0; i < net->n; i++) {
		if (opens(p, &net->rules[i], verb) && net->rules[i].protocols & protocol)
			n += port_count(&net->rules[i].to, verb);
	}
	return n;
}

static int add_one(struct planner *p, const struct net_target *to, uint64_t right, struct err *err)
{
	struct plan_port_rule *grown = arena_grow(p->arena, p->plan->port_rules, &p->cap_port_rules,
						  p->plan->n_port_rules + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	p->plan->port_rules = grown;
	grown[p->plan->n_port_rules++] = (struct plan_port_rule){ to->low, to->high, right };
	return 0;
}

static int add_ports(struct planner *p, unsigned protocol, enum net_verb verb, uint64_t right,
		     struct err *err)
{
	const struct net_table *net = &p->bundle->net;

	for (size_t i = 0; i < net->n; i++) {
		const struct net_rule *rule = &net->rules[i];
		int r;

		if (!opens(p, rule, verb) || !(rule->protocols & protocol))
			continue;
		r = add_one(p, &rule->to, right, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * On a private network its table holds connections, with their addresses, and tells what it
 * refused, which Landlock would keep to itself. It holds UDP as a whole: who sends is bound to a
 * port, too.
 */
static bool is_left_to_table(const struct planner *p, unsigned protocol, enum net_verb verb)
{
	return p->plan->network == NETWORK_PRIVATE && (verb == NET_CONNECT || protocol == NET_UDP);
}

/* Rights that this Landlock knows; a policy without such sockets refuses every port. */
static int plan_landlock(struct planner *p, struct err *err)
{
	uint64_t known = landlock_known(LANDLOCK_NET, p->plan->landlock_abi);

	for (size_t i = 0; i < ARRAY_LEN(protocols) && !p->bundle->audit_only; i++) {
		bool without = is_without(p->bundle, protocols[i].type);

		for (enum net_verb verb = NET_CONNECT; verb <= NET_LISTEN; verb++) {
			uint64_t right = landlock_bit(LANDLOCK_NET, verb == NET_CONNECT
									    ? protocols[i].connect
									    : protocols[i].bind);
			int r = 0;

			if (!(right & known))
				continue;
			if (!without && (!p->bundle->net.stated ||
					 is_left_to_table(p, protocols[i].protocol, verb) ||
					 count_ports(p, protocols[i].protocol, verb) > MAX_PORTS))
				continue;
			p->plan->net_handled |= right;
			if (!without)
				r = add_ports(p, protocols[i].protocol, verb, right, err);
			/* A datagram that is sent from no port gets one. */
			if (r == 0 && !without && protocols[i].protocol == NET_UDP &&
			    verb == NET_LISTEN && p->bundle->net.n > 0)
				r = add_one(p, &(const struct net_target){ 0 }, right, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static bool may_ask_resolver(const struct bundle *bundle)
{
	const struct net_target resolver = { .host = NET_RESOLVED, .low = 53 };

	for (unsigned bit = NET_TCP; bit <= NET_UDP; bit <<= 1) {
		const struct net_query query = net_query_of(NET_CONNECT, bit, &resolver);

		if (net_decide(&bundle->net, &query).allowed)
			return true;
	}
	return false;
}

static const char *hosts_text(const struct planner *p)
{
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_puts(&text, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
	for (size_t i = 0; i < p->plan->n_pins; i++) {
		const struct net_pin *pin = &p->plan->pins[i];

		for (size_t k = 0; k < pin->n; k++) {
			address_print(&pin->addresses[k], &text);
			strbuf_addf(&text, " %s\n", pin->name);
		}
	}
	return text.failed ? NULL : arena_strdup(p->arena, strbuf_str(&text));
}

int plan_net_texts(struct planner *p, struct err *err)
{
	struct plan_mount text = { .kind = MOUNT_TEXT, .target = "/etc/resolv.conf" };
	int r;

	if (p->plan->network != NETWORK_PRIVATE)
		return 0;
	text.source = may_ask_resolver(p->bundle)
			      ? "nameserver " NETWORK_RESOLVER "\n"
			      : "# The policy grants no resolver: names are those of /etc/hosts.\n";
	r = planner_add_mount(p, text, err);
	if (r < 0 || p->plan->n_pins == 0)
		return r;
	text.target = "/etc/hosts";
	text.source = hosts_text(p);
	return text.source ? planner_add_mount(p, text, err)
			   : err_set(err, ENOMEM, "out of memory");
}

/* A published port leads to a listener, which a rule must grant. */
static int check_published(const struct planner *p, struct err *err)
{
	static const struct address any = { 0 };

	for (size_t i = 0; i < p->plan->n_ports; i++) {
		const struct plan_port *port = &p->plan->ports[i];
		const struct net_query query = { .verb = NET_LISTEN,
						 .protocol = port->udp ? NET_UDP : NET_TCP,
						 .address = &any,
						 .port = port->inside };

		if (!net_decide(&p->bundle->net, &query).allowed)
			return err_set(
				err, EINVAL,
				"--publish %u:%u: the policy lets nobody listen there; add under network:  - listen %s *:%u",
				port->outside, port->inside, port->udp ? "udp" : "tcp",
				port->inside);
	}
	return 0;
}

int plan_net(struct planner *p, struct err *err)
{
	int r = check_published(p, err);

	return r < 0 ? r : plan_landlock(p, err);
}

static bool allows(const struct bundle *bundle, const char *call, uint32_t a0, uint32_t a1,
		   uint32_t a2, uint32_t a3)
{
	return lsm_allows(bundle, call, (const uint64_t[6]){ a0, a1, a2, a3 });
}

/* Streams and datagrams of other kinds, which go out past Landlock. */
static bool has_other_sockets(const struct bundle *bundle)
{
	static const uint32_t types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
	static const uint32_t others[] = { 1, 33, 58, 132, 136, 256, 257, 262 };

	for (uint32_t family = 0; family < 48; family++) {
		bool inet = family == AF_INET || family == AF_INET6;

		for (size_t t = 0; t < ARRAY_LEN(types); t++) {
			if (family == AF_UNIX || family == AF_NETLINK)
				continue;
			if (!inet && allows(bundle, "socket", family, types[t], 0, 0))
				return true;
			if (inet && t > 1 && allows(bundle, "socket", family, types[t], 0, 0))
				return true;
			for (size_t k = 0; inet && k < ARRAY_LEN(others); k++) {
				if (allows(bundle, "socket", family, types[t], others[k], 0))
					return true;
			}
		}
	}
	return false;
}

static bool is_fastopen_open(const struct bundle *bundle)
{
	return allows(bundle, "sendto", 0, 0, 0, MSG_FASTOPEN) ||
	       allows(bundle, "sendmsg", 0, 0, MSG_FASTOPEN, 0) ||
	       allows(bundle, "sendmmsg", 0, 0, 0, MSG_FASTOPEN);
}

/* Rules that Landlock cannot hold as they are, whatever the kernel; NULL: none. */
static const char *unheld_rule(const struct planner *p)
{
	const struct net_table *net = &p->bundle->net;

	for (size_t i = 0; i < net->n; i++) {
		const struct net_rule *rule = &net->rules[i];
		const char *what = rule->verb == NET_DENY     ? "denies nobody"
				   : rule->to.host != NET_ANY ? "tells no addresses apart"
				   : rule->program            ? "tells no programs apart"
							      : NULL;

		if (what)
			return arena_printf(p->arena, "%s:%u: Landlock %s", rule->rule->where.file,
					    rule->rule->where.line, what);
	}
	return NULL;
}

/*
 * Why the host's network is not held to the rules, or NULL: they are, by the ports of Landlock and
 * by sockets that the filter does not let be made.
 */
static const char *unheld_on_host(const struct planner *p)
{
	const struct bundle *bundle = p->bundle;
	uint64_t known = landlock_known(LANDLOCK_NET, p->plan->landlock_abi);

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		uint64_t rights = landlock_bit(LANDLOCK_NET, protocols[i].bind) |
				  landlock_bit(LANDLOCK_NET, protocols[i].connect);

		if (is_without(bundle, protocols[i].type))
			continue;
		if ((known & rights) != rights)
			return i == 0 ? "this Landlock knows no ports of TCP (Linux 6.7)"
				      : "this Landlock knows no ports of UDP, and the filter lets such sockets be made";
		if ((p->plan->net_handled & rights) != rights)
			return "more ports than Landlock is given here";
	}
	if (has_other_sockets(bundle))
		return "the filter lets other sockets be made than TCP and UDP";
	if (is_fastopen_open(bundle))
		return "sending with MSG_FASTOPEN connects past Landlock; deny sendto, sendmsg, sendmmsg if flags has MSG_FASTOPEN";
	if (allows(bundle, "listen", 0, 0, 0, 0))
		return "listen(2) without bind(2) takes a port that Landlock does not see";
	return unheld_rule(p);
}

static int note_rules(struct planner *p, enum ledger_state state, const char *text,
		      const char *remedy, struct err *err)
{
	int r = text ? planner_note(p, LAYER_NETNS, state, text, remedy, err)
		     : err_set(err, ENOMEM, "out of memory");

	/*
	 * A policy that says what may be reached is not run where nothing holds it to that. In mode
	 * audit nothing is to hold it.
	 */
	if (r == 0 && !p->bundle->audit_only)
		p->plan->ledger[p->plan->n_ledger - 1].required = true;
	return r;
}

static bool is_of_loopback(const struct net_target *to)
{
	static const struct address v4 = { .bytes = { 127, 0, 0, 1 } };
	static const struct address v6 = { .v6 = true, .bytes = { [15] = 1 } };

	return to->host == NET_ANY ||
	       (to->host == NET_PREFIX &&
		(address_is_loopback(&to->prefix) || address_is_in(&v4, &to->prefix, to->bits) ||
		 address_is_in(&v6, &to->prefix, to->bits)));
}

/* A rule for one program, of what there is on this network. */
static const struct net_rule *with_program(const struct planner *p)
{
	const struct net_table *net = &p->bundle->net;

	for (size_t i = 0; i < net->n; i++) {
		if (net->rules[i].program &&
		    (p->plan->network != NETWORK_NONE || is_of_loopback(&net->rules[i].to)))
			return &net->rules[i];
	}
	return NULL;
}

/* On any network but in mode audit: whoever is in the sandbox may do what one program was to. */
static int note_program(struct planner *p, const struct net_rule *program, struct err *err)
{
	return note_rules(
		p, LEDGER_WEAKENED,
		arena_printf(
			p->arena,
			"%s:%u: no layer tells programs apart: every program of the sandbox may",
			program->rule->where.file, program->rule->where.line),
		"leave out \"from\"", err);
}

static int note_private(struct planner *p, struct err *err)
{
	const struct net_rule *program = with_program(p);

	if (!p->bundle->net.stated)
		return planner_note(
			p, LAYER_NETNS, LEDGER_ENFORCED,
			"own network with a way out; the host's loopback and link-local addresses refused",
			NULL, err);
	if (p->bundle->audit_only)
		return note_rules(
			p, LEDGER_WEAKENED,
			"own network with a way out; mode audit: what the rules refuse is recorded and goes on",
			"mode: enforce", err);
	if (program)
		return note_program(p, program, err);
	return note_rules(
		p, LEDGER_ENFORCED,
		arena_printf(
			p->arena,
			"own network with a way out, %zu rules by nftables, all else refused%s",
			p->bundle->net.n,
			p->plan->n_pins == 0
				? ""
				: "; names have the addresses found before the start, in /etc/hosts, and every name at such an address may be reached"),
		NULL, err);
}

int plan_note_network(struct planner *p, struct err *err)
{
	const struct net_rule *program = with_program(p);
	const char *unheld;

	if (p->plan->network == NETWORK_PRIVATE)
		return note_private(p, err);
	if (p->plan->network == NETWORK_NONE && !p->bundle->audit_only && program)
		return note_program(p, program, err);
	if (p->plan->network == NETWORK_NONE)
		return planner_note(p, LAYER_NETNS, LEDGER_ENFORCED, "own network, loopback only",
				    NULL, err);
	unheld = p->bundle->net.stated ? unheld_on_host(p) : NULL;
	if (unheld)
		return note_rules(
			p, LEDGER_LOST,
			arena_printf(
				p->arena,
				"shares the host's network, where the network rules are not held: %s",
				unheld),
			"--network private", err);
	return planner_note(
		p, LAYER_NETNS, LEDGER_WEAKENED,
		p->bundle->net.stated
			? "shares the host's network; Landlock holds the ports of the rules"
			: "shares the host's network",
		"leave out --network host", err);
}
