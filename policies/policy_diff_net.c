/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of both policies cut addresses and ports into finitely many kinds: the addresses of a
 * prefix that no narrower prefix holds, each name, the ports between two bounds. One of each kind
 * is asked of both. Prefixes lie inside one another or apart, so this misses nothing.
 */
#include <errno.h>
#include <stdlib.h>

#include "policies/net_sample.h"
#include "policies/policy_diff_parts.h"

struct comparison {
	const struct policy *a, *b;
	struct policy_diff *ret;
	struct err *err;
	size_t n_told, cap_told;
	struct told {
		enum net_verb verb;
		unsigned protocol;
		const struct net_rule *before, *after;
		bool wider;
	} * told;
};

static const char *says(struct arena *arena, const struct net_table *table,
			const struct net_answer *answer)
{
	if (!table->stated && answer->allowed && !answer->rule)
		return "not refused: no network rules";
	if (!answer->rule)
		return "not granted";
	return arena_printf(arena, "%s by %s:%u", answer->allowed ? "granted" : "denied",
			    answer->rule->rule->where.file, answer->rule->rule->where.line);
}

/* One witness for each pair of rules that decide differently. */
static int is_told(struct comparison *c, const struct told *one)
{
	struct told *grown;

	for (size_t i = 0; i < c->n_told; i++) {
		const struct told *t = &c->told[i];

		if (t->verb == one->verb && t->protocol == one->protocol &&
		    t->before == one->before && t->after == one->after && t->wider == one->wider)
			return 1;
	}
	grown = arena_grow(c->ret->arena, c->told, &c->cap_told, c->n_told + 1, sizeof(*grown));
	if (!grown)
		return err_set(c->err, ENOMEM, "out of memory");
	c->told = grown;
	grown[c->n_told++] = *one;
	return 0;
}

static int compare_one(void *data, enum net_verb verb, unsigned protocol,
		       const struct net_target *one)
{
	struct comparison *c = data;
	const struct net_query query = net_query_of(verb, protocol, one);
	struct net_answer before = net_decide(&c->a->net, &query);
	struct net_answer after = net_decide(&c->b->net, &query);
	const struct told told = { verb, protocol, before.rule, after.rule, after.allowed };
	const struct net_rule *grants = after.allowed ? after.rule : before.rule;
	const struct net_rule sample = { .verb = verb, .protocols = (uint8_t)protocol, .to = *one };
	cleanup_strbuf struct strbuf text = { 0 };
	int r = before.allowed == after.allowed ? 1 : is_told(c, &told);

	if (r != 0)
		return r < 0 ? r : 0;
	net_rule_print(&sample, &text);
	return diff_add(c->ret,
			&(const struct policy_difference){
				.class = after.allowed ? DIFF_WIDER : DIFF_NARROWER,
				.area = "network",
				.witness = arena_strdup(c->ret->arena, strbuf_str(&text)),
				.before = says(c->ret->arena, &c->a->net, &before),
				.after = says(c->ret->arena, &c->b->net, &after),
				.rule = grants ? grants->rule : NULL,
			},
			c->err);
}

int diff_net(const struct policy *a, const struct policy *b, struct policy_diff *ret,
	     struct err *err)
{
	struct comparison c = { .a = a, .b = b, .ret = ret, .err = err };
	struct net_samples samples = { .arena = ret->arena };
	int r = net_samples_add(&samples, &a->net);

	if (r == 0)
		r = net_samples_add(&samples, &b->net);
	if (r == 0)
		r = net_samples_end(&samples);
	if (r < 0)
		return err_set(err, -r, "out of memory");
	return net_samples_each(&samples, compare_one, &c);
}
