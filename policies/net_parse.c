/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/net_parse.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"

#define MAX_TARGETS 4096

unsigned net_protocols_parse(struct span word)
{
	unsigned protocols = 0;

	while (word.n > 0) {
		struct span one = span_cut(&word, ',');

		if (span_eq(one, "tcp"))
			protocols |= NET_TCP;
		else if (span_eq(one, "udp"))
			protocols |= NET_UDP;
		else
			return 0;
	}
	return protocols;
}

/* The two parts of a target: "[::1]:80" is "[::1]" and "80", "fe80::/10" has no second one. */
static void split(struct span word, struct span *ret_host, struct span *ret_ports, bool *ret_has)
{
	const char *bracket = word.p[0] == '[' ? memchr(word.p, ']', word.n) : NULL;
	size_t from = bracket ? (size_t)(bracket - word.p) : 0;
	const char *colon = memchr(word.p + from, ':', word.n - from);

	*ret_host = word;
	*ret_ports = (struct span){ word.p + word.n, 0 };
	*ret_has = colon && !memchr(colon + 1, ':', (size_t)(word.p + word.n - colon - 1));
	if (!*ret_has)
		return;
	ret_host->n = (size_t)(colon - word.p);
	*ret_ports = (struct span){ colon + 1, word.n - ret_host->n - 1 };
}

static bool parse_ports(struct span ports, enum net_target_use use, struct net_target *ret)
{
	struct span rest = ports;
	struct span first = span_cut(&rest, '-');
	uint64_t low = 0;
	uint64_t high = UINT16_MAX;

	if (!span_eq(ports, "*")) {
		if (span_u64(first, UINT16_MAX, &low) < 0 ||
		    (low == 0 && (use != NET_TO_LISTEN || first.n < ports.n)))
			return false;
		high = low;
		if (first.n < ports.n && (span_u64(rest, UINT16_MAX, &high) < 0 || high < low))
			return false;
	}
	ret->low = (uint16_t)low;
	ret->high = (uint16_t)high;
	return true;
}

static bool parse_name(struct rule_line *l, struct span word, struct net_target *ret)
{
	char *name = arena_strndup(l->arena, word.p, word.n);

	if (!name) {
		l->diags->out_of_memory = true;
		return false;
	}
	for (char *c = name; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	if (!net_name_is_valid(name)) {
		rule_line_fault(
			l, word,
			"no host; expected a name, an address, a prefix, \"resolver\" or *");
		return false;
	}
	ret->host = NET_NAME;
	ret->name = name;
	return true;
}

static bool parse_bits(struct rule_line *l, struct span bits, struct net_target *ret)
{
	struct address whole = ret->prefix;
	cleanup_strbuf struct strbuf right = { 0 };
	uint64_t n = 0;

	if (span_u64(bits, address_bits(&whole), &n) < 0) {
		rule_line_fault(l, bits,
				whole.v6 ? "no length of a prefix; expected 0 to 128"
					 : "no length of a prefix; expected 0 to 32");
		return false;
	}
	ret->bits = (uint8_t)n;
	address_mask(&ret->prefix, ret->bits);
	if (address_eq(&ret->prefix, &whole))
		return true;
	address_print(&ret->prefix, &right);
	strbuf_addf(&right, "/%u", ret->bits);
	diags_add(l->diags, l->node->where, "the address has bits behind its prefix; expected %s",
		  strbuf_str(&right));
	return false;
}

/* An address, with brackets around it if it is IPv6, and the length of a prefix behind it. */
static bool parse_address(struct rule_line *l, struct span host, struct net_target *ret,
			  bool *ret_is_one)
{
	struct span bits = host;
	struct span text;
	bool prefixed;

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		bits = host = (struct span){ host.p + 1, host.n - 2 };
	text = span_cut(&bits, '/');
	prefixed = text.n < host.n;
	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = (struct span){ text.p + 1, text.n - 2 };
	*ret_is_one = address_parse(text, &ret->prefix) == 0;
	if (!*ret_is_one)
		return false;
	ret->host = NET_PREFIX;
	ret->bits = (uint8_t)address_bits(&ret->prefix);
	return !prefixed || parse_bits(l, bits, ret);
}

static bool parse_host(struct rule_line *l, struct span host, enum net_target_use use,
		       struct net_target *ret)
{
	bool is_address = false;

	if (span_eq(host, "*") && use != NET_TO_DENY) {
		ret->host = NET_ANY;
		return true;
	}
	if (parse_address(l, host, ret, &is_address))
		return true;
	if (is_address)
		return false; /* the fault is told */
	if (use == NET_TO_DENY)
		rule_line_fault(
			l, host,
			"expected an address or a prefix such as 10.0.0.0/8, whose meaning no name service changes");
	else if (use == NET_TO_LISTEN)
		rule_line_fault(l, host, "expected * or an address of the sandbox");
	else if (span_has_byte(host, '*'))
		rule_line_fault(
			l, host,
			"a pattern, which cannot be looked up; expected a whole name, an address or *");
	else if (span_eq(host, "resolver"))
		ret->host = NET_RESOLVED;
	else
		return parse_name(l, host, ret);
	return span_eq(host, "resolver") && use == NET_TO_CONNECT;
}

bool net_target_parse(struct rule_line *line, struct span word, enum net_target_use use,
		      struct net_target *ret)
{
	struct net_target target = { .high = UINT16_MAX };
	struct span ports;
	struct span host;
	bool has_ports;

	split(word, &host, &ports, &has_ports);
	if (has_ports && !parse_ports(ports, use, &target)) {
		rule_line_fault(
			line, ports.n > 0 ? ports : word,
			use == NET_TO_LISTEN
				? "no port; expected 0 (the kernel's choice) to 65535, a range such as 8000-8080, or *"
				: "no port; expected 1 to 65535, a range such as 8000-8080, or *");
		return false;
	}
	if (!has_ports && use != NET_TO_DENY) {
		rule_line_fault(
			line, word,
			"a target without a port; expected HOST:PORT, an IPv6 address in brackets");
		return false;
	}
	if (!parse_host(line, host, use, &target))
		return false;
	*ret = target;
	return true;
}

static int add_rule(struct rule_line *l, const struct net_rule *rule)
{
	struct net_table *table = &l->policy->net;
	struct net_rule *grown =
		arena_grow(l->arena, table->rules, &table->cap, table->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	if (table->n == MAX_TARGETS) {
		rule_line_fault(l, (struct span){ l->node->text, 0 },
				"too many targets; expected at most 4096 in all");
		return 0;
	}
	table->rules = grown;
	grown[table->n++] = *rule;
	return 0;
}

/* "from PATH" ends the line. */
static bool take_program(struct rule_line *l, struct net_rule *rule)
{
	struct span word = span_word(&l->rest);
	char *path = arena_strndup(l->arena, word.p, word.n);
	struct err err = { 0 };

	if (!path) {
		l->diags->out_of_memory = true;
		return false;
	}
	if (word.n == 0 || path_clean(l->arena, path, &rule->program, &err) < 0) {
		rule_line_fault(l, word, "expected the path of a program after \"from\"");
		return false;
	}
	if (span_trim(l->rest).n > 0) {
		rule_line_fault(l, span_trim(l->rest), "unexpected after the program");
		return false;
	}
	return true;
}

/* Targets up to the end of the line or "from". They are read before any is added. */
static int targets(struct rule_line *l, struct net_rule *rule, enum net_target_use use)
{
	struct rule_line ahead = *l;
	size_t n = 0;

	for (;;) {
		struct span word = span_word(&ahead.rest);

		if (word.n == 0)
			break;
		if (use == NET_TO_CONNECT && span_eq(word, "from")) {
			if (!take_program(&ahead, rule))
				return 0;
			break;
		}
		if (!net_target_parse(l, word, use, &rule->to))
			return 0;
		n++;
	}
	if (n == 0)
		rule_line_fault(l, (struct span){ l->node->text, 0 },
				"names nobody; expected a target such as 10.0.0.0/8:443");
	for (; n > 0; n--) {
		int r;

		if (!net_target_parse(l, span_word(&l->rest), use, &rule->to))
			return 0;
		r = add_rule(l, rule);
		if (r < 0)
			return r;
	}
	return 0;
}

static int connect_or_listen(struct rule_line *l, struct net_rule *rule)
{
	struct span word = span_word(&l->rest);

	rule->protocols = (uint8_t)net_protocols_parse(word);
	if (rule->protocols == 0) {
		rule_line_fault(l, word, "expected tcp, udp or tcp,udp");
		return 0;
	}
	return targets(l, rule, rule->verb == NET_LISTEN ? NET_TO_LISTEN : NET_TO_CONNECT);
}

static int deny(struct rule_line *l, struct net_rule *rule)
{
	struct span word = span_word(&l->rest);

	rule->protocols = (uint8_t)net_protocols_parse(word);
	if (rule->protocols != 0)
		word = span_word(&l->rest);
	else
		rule->protocols = NET_BOTH;
	if (!span_eq(word, "to")) {
		rule_line_fault(l, word, "expected \"to\" and addresses");
		return 0;
	}
	return targets(l, rule, NET_TO_DENY);
}

int net_rule_parse(const struct yaml_node *node, struct policy *policy, struct arena *arena,
		   struct diags *diags)
{
	struct rule_line l = { .node = node, .policy = policy, .arena = arena, .diags = diags };
	struct net_rule rule = { 0 };
	struct rule *written;
	struct span verb;

	if (!rule_line_start(&l, "a rule such as \"connect tcp 10.0.0.0/8:443\""))
		return 0;
	written = arena_alloc(arena, sizeof(*written));
	if (!written)
		return -ENOMEM;
	*written = rule_line_rule(&l);
	rule.rule = written;
	verb = span_word(&l.rest);
	if (span_eq(verb, "deny")) {
		rule.verb = NET_DENY;
		return deny(&l, &rule);
	}
	rule.verb = span_eq(verb, "listen") ? NET_LISTEN : NET_CONNECT;
	if (span_eq(verb, "connect") || span_eq(verb, "listen"))
		return connect_or_listen(&l, &rule);
	rule_line_fault(&l, verb, "an unknown verb; expected connect, listen or deny");
	return 0;
}
