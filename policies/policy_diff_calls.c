/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls are compared as diagrams, so nothing is missed. A witness is looked for among the values
 * that the rules name, because "cmd=TIOCSTI" says more than some bits that happen to differ.
 */
#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/filter_model.h"
#include "policies/policy_diff_parts.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define ALLOWED EXPLAIN_LEAF(BUNDLE_NO_RULE, VERDICT_ALLOW, 0)
#define MAX_VALUES 48
#define MAX_TRIES 20000
#define MAX_MORE 8

/* One of the two policies. */
struct side {
	const struct policy *policy;
	diagram verdict, explain; /* of all calls */
};

struct compare {
	struct side a, b;
	struct diagrams set;
	uint32_t arch;
	int nr, n_calls;
	struct policy_diff *ret;
	struct err *err;
};

/* Values worth trying for each argument that conditions name. */
struct candidates {
	size_t n[6];
	uint32_t values[6][MAX_VALUES];
};

static void candidate(struct candidates *c, unsigned arg, uint32_t value)
{
	for (size_t i = 0; i < c->n[arg]; i++) {
		if (c->values[arg][i] == value)
			return;
	}
	if (c->n[arg] < MAX_VALUES)
		c->values[arg][c->n[arg]++] = value;
}

static void candidates_of(struct candidates *c, const struct cond *cond)
{
	if (cond->left)
		candidates_of(c, cond->left);
	if (cond->right)
		candidates_of(c, cond->right);
	for (uint32_t i = 0; i < cond->n_values; i++) {
		bool bits = cond->kind == COND_ONLY || cond->kind == COND_HAS;

		for (uint32_t bit = 1; bit && bits; bit <<= 1) {
			if (cond->values[i] & bit)
				candidate(c, cond->arg, bit);
		}
		candidate(c, cond->arg, cond->values[i]);
		if (cond->kind == COND_LT)
			candidate(c, cond->arg, cond->values[i] - 1);
	}
	if (cond->n_values > 0)
		candidate(c, cond->arg, 0);
}

static void collect(struct candidates *c, const struct policy *policy, const char *call)
{
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		if (rule->cond && syscall_rule_names(rule, call))
			candidates_of(c, rule->cond);
	}
}

/* The next combination of values, like a counter. Returns false after the last. */
static bool next(const struct candidates *c, size_t at[6])
{
	for (unsigned arg = 0; arg < 6; arg++) {
		if (c->n[arg] == 0)
			continue;
		if (++at[arg] < c->n[arg])
			return true;
		at[arg] = 0;
	}
	return false;
}

static void put(const struct candidates *c, const size_t at[6], struct seccomp_data *data)
{
	for (unsigned arg = 0; arg < 6; arg++)
		data->args[arg] = c->n[arg] > 0 ? c->values[arg][at[arg]] : 0;
}

/* An input where `where` (not 0 everywhere) is 1. */
static void find(const struct compare *c, const struct candidates *values, diagram where,
		 struct seccomp_data *data)
{
	size_t at[6] = { 0 };

	*data = (struct seccomp_data){ .nr = c->nr, .arch = c->arch };
	for (int tries = 0; tries < MAX_TRIES; tries++) {
		put(values, at, data);
		if (diagram_value(&c->set, where, data))
			return;
		if (!next(values, at))
			break;
	}
	*data = (struct seccomp_data){ .nr = c->nr, .arch = c->arch };
	diagram_difference(&c->set, where, 0, data); /* diagram 0 is the leaf 0 */
}

static const char *says(const struct compare *c, const struct side *side,
			const struct seccomp_data *data)
{
	uint32_t leaf = diagram_value(&c->set, side->explain, data);
	struct arena *arena = c->ret->arena;
	const struct rule *rule = NULL;

	if (EXPLAIN_RULE(leaf) < side->policy->n_syscalls)
		rule = &side->policy->syscalls[EXPLAIN_RULE(leaf)].rule;
	switch (EXPLAIN_ACTION(leaf)) {
	case VERDICT_ALLOW:
		return rule ? arena_printf(arena, "allowed by %s:%u", rule->where.file,
					   rule->where.line)
			    : "allowed";
	case VERDICT_KILL:
		return "killed";
	default:
		break;
	}
	if (!rule)
		return arena_printf(arena, "refused with %s", errno_name(EXPLAIN_ERRNO(leaf)));
	return arena_printf(arena, "refused with %s%s by %s:%u", errno_name(EXPLAIN_ERRNO(leaf)),
			    EXPLAIN_ACTION(leaf) == VERDICT_ERRNO ? ", not recorded," : "",
			    rule->where.file, rule->where.line);
}

static const struct rule *rule_at(const struct compare *c, const struct side *side,
				  const struct seccomp_data *data)
{
	uint32_t leaf = diagram_value(&c->set, side->explain, data);

	if (EXPLAIN_RULE(leaf) >= side->policy->n_syscalls)
		return NULL;
	return &side->policy->syscalls[EXPLAIN_RULE(leaf)].rule;
}

/* Of a call with one argument that rules name: the other values of it that differ too. */
static void add_more(const struct compare *c, const struct candidates *values, diagram where,
		     const struct seccomp_data *found, struct strbuf *out)
{
	struct seccomp_data data = *found;
	struct arg_info args[6] = { 0 };
	unsigned arg = 6;
	size_t more = 0;

	for (unsigned i = 0; i < 6; i++) {
		if (values->n[i] > 0 && arg < 6)
			return;
		arg = values->n[i] > 0 ? i : arg;
	}
	if (arg == 6 || syscall_args_find(syscall_name(c->nr, c->arch), args) < 0)
		return;
	for (size_t i = 0; i < values->n[arg]; i++) {
		struct span name = constant_name(args[arg].names, values->values[arg][i]);

		data.args[arg] = values->values[arg][i];
		if (data.args[arg] == found->args[arg] || !diagram_value(&c->set, where, &data))
			continue;
		if (++more > MAX_MORE)
			continue;
		strbuf_puts(out, more == 1 ? ", also " : ", ");
		if (name.n > 0)
			strbuf_span(out, name);
		else
			strbuf_addf(out, "0x%x", values->values[arg][i]);
	}
	if (more > MAX_MORE)
		strbuf_addf(out, " and %zu more", more - MAX_MORE);
}

static int report(struct compare *c, diagram where, enum diff_class class)
{
	const char *call = syscall_name(c->nr, c->arch);
	cleanup_strbuf struct strbuf text = { 0 };
	struct policy_difference one = { .class = class, .area = "syscall" };
	struct candidates values = { 0 };
	unsigned args = 0;

	if (where == 0 || !call)
		return 0;
	collect(&values, c->a.policy, call);
	collect(&values, c->b.policy, call);
	find(c, &values, where, &one.call);
	for (unsigned i = 0; i < 6; i++)
		args |= values.n[i] > 0 ? 1U << i : 0;
	filter_call_print(&one.call, args, &text);
	add_more(c, &values, where, &one.call, &text);
	one.witness = arena_strdup(c->ret->arena, strbuf_str(&text));
	one.before = says(c, &c->a, &one.call);
	one.after = says(c, &c->b, &one.call);
	one.rule = rule_at(c, class == DIFF_NARROWER ? &c->a : &c->b, &one.call);
	return diff_add(c->ret, &one, c->err);
}

/* Both refuse, with another error: on an input on which they do. */
static int report_answer(struct compare *c, diagram a, diagram b)
{
	const char *call = syscall_name(c->nr, c->arch);
	struct policy_difference one = {
		.class = DIFF_OTHER,
		.area = "syscall",
		.witness = call ? call : "calls that this version does not know",
		.call = { .nr = c->nr, .arch = c->arch },
	};

	diagram_difference(&c->set, a, b, &one.call);
	one.before = says(c, &c->a, &one.call);
	one.after = says(c, &c->b, &one.call);
	one.rule = rule_at(c, &c->b, &one.call);
	return diff_add(c->ret, &one, c->err);
}

static int compare_call(struct compare *c)
{
	struct diagrams *set = &c->set;
	diagram a = diagram_fix(set, diagram_fix(set, c->a.verdict, DIAGRAM_ARCH, c->arch),
				DIAGRAM_NR, (uint32_t)c->nr);
	diagram b = diagram_fix(set, diagram_fix(set, c->b.verdict, DIAGRAM_ARCH, c->arch),
				DIAGRAM_NR, (uint32_t)c->nr);
	diagram allow_a;
	diagram allow_b;
	diagram wider;
	diagram narrower;
	int r;

	/* A number without a name is one that the next version may know; the last stands for all.
	 */
	if (a == b || (c->nr < c->n_calls && !syscall_name(c->nr, c->arch)))
		return 0;
	allow_a = diagram_equals(set, a, ALLOWED);
	allow_b = diagram_equals(set, b, ALLOWED);
	wider = diagram_if(set, allow_a, 0, allow_b);
	narrower = diagram_if(set, allow_b, 0, allow_a);
	if (set->failed)
		return err_set(c->err, E2BIG, "the conditions are too complex to be compared");
	r = report(c, wider, DIFF_WIDER);
	if (r == 0)
		r = report(c, narrower, DIFF_NARROWER);
	if (r < 0 || wider || narrower)
		return r;
	return report_answer(c, a, b);
}

static int model(struct compare *c, struct side *side, const struct policy *policy)
{
	int r = filter_model(policy, c->arch, FILTER_VERDICT, &c->set, &side->verdict, c->err);

	side->policy = policy;
	if (r == 0)
		r = filter_model(policy, c->arch, FILTER_RULES, &c->set, &side->explain, c->err);
	return r;
}

int diff_calls(const struct policy *a, const struct policy *b, uint32_t arch,
	       struct policy_diff *ret, struct err *err)
{
	struct compare c = { .arch = arch, .n_calls = syscall_count(arch), .ret = ret, .err = err };
	int r;

	if (diagrams_init(&c.set, ret->arena) < 0)
		return err_set(err, ENOMEM, "out of memory");
	r = model(&c, &c.a, a);
	if (r == 0)
		r = model(&c, &c.b, b);
	for (c.nr = 0; r == 0 && c.nr <= c.n_calls; c.nr++)
		r = compare_call(&c);
	return r;
}
