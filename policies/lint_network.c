/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "policies/bundle.h"
#include "policies/filter_model.h"
#include "policies/lint_parts.h"
#include "policies/policy_diff_parts.h"
#include "policies/syscall_sets.h"

/* Above so many rules it would take too long to leave each out once. */
#define MAX_RULES 200

static void report(struct linter *l, enum lint_id id, const struct net_rule *rule)
{
	cleanup_strbuf struct strbuf text = { 0 };

	net_rule_print(rule, &text);
	lint_add(l, id, rule->rule, "%s", strbuf_str(&text));
}

static bool is_everywhere(const struct net_target *to)
{
	return to->host == NET_ANY || (to->host == NET_PREFIX && to->bits == 0);
}

/* Does the policy mean the same without this target? */
static bool is_idle(struct linter *l, size_t at)
{
	struct policy_diff diff = { .arena = l->out->arena };
	struct policy less = *l->policy;
	struct err ignored = { 0 };

	less.net.n = 0;
	less.net.rules = arena_array(l->out->arena, l->policy->net.n, sizeof(*less.net.rules));
	if (!less.net.rules) {
		l->out->out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < l->policy->net.n; i++) {
		if (i != at)
			less.net.rules[less.net.n++] = l->policy->net.rules[i];
	}
	return diff_net(l->policy, &less, &diff, &ignored) == 0 && diff.n == 0;
}

/* Can the filter let a socket through that the rule is about? */
static bool has_socket(struct linter *l, const struct net_rule *rule)
{
	static const int domains[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		for (unsigned bit = NET_TCP; bit <= NET_UDP; bit <<= 1) {
			struct seccomp_data data = {
				.arch = l->arch,
				.args = { (uint64_t)domains[i],
					  bit == NET_TCP ? SOCK_STREAM : SOCK_DGRAM },
			};
			diagram f = 0;

			if (!(rule->protocols & bit) || !lint_call(l, "socket", &f))
				continue;
			data.nr = syscall_number("socket", l->arch);
			if (EXPLAIN_ACTION(diagram_value(&l->set, f, &data)) == VERDICT_ALLOW)
				return true;
		}
	}
	return false;
}

/* Rules that the network which the policy is meant for has no use for, or cannot hold. */
static void on_network(struct linter *l, const struct net_rule *rule)
{
	const char *network = l->out->network;
	bool own_loopback = rule->to.host == NET_PREFIX && address_is_loopback(&rule->to.prefix);

	if (!network || strcmp(network, "private") == 0)
		return;
	if (strcmp(network, "host") == 0) {
		if (rule->verb == NET_DENY || !is_everywhere(&rule->to) ||
		    rule->protocols != NET_TCP)
			report(l, LINT_NETWORK_NOT_HELD, rule);
	} else if (!own_loopback) {
		report(l, LINT_NETWORK_UNUSED, rule);
	}
}

static void look_at(struct linter *l, const struct net_rule *rule)
{
	bool grants = rule->verb != NET_DENY;

	if (rule->verb == NET_CONNECT && is_everywhere(&rule->to) && !rule->rule->why)
		report(l, LINT_CONNECT_ANYWHERE, rule);
	if (grants && net_target_in_floor(&rule->to))
		report(l, LINT_METADATA_GRANTED, rule);
	if (rule->to.host == NET_RESOLVED && !rule->rule->why)
		report(l, LINT_DNS_OPEN, rule);
	if (rule->program)
		report(l, LINT_PROGRAM_NOT_HELD, rule);
	if (grants && !has_socket(l, rule))
		report(l, LINT_NETWORK_WITHOUT_SOCKET, rule);
	on_network(l, rule);
}

void lint_network(struct linter *l)
{
	const struct net_table *net = &l->policy->net;

	for (size_t i = 0; i < net->n; i++) {
		if (!lint_is_own(l, net->rules[i].rule))
			continue;
		look_at(l, &net->rules[i]);
		if (net->n <= MAX_RULES && is_idle(l, i))
			report(l, LINT_NETWORK_WITHOUT_EFFECT, &net->rules[i]);
	}
}
