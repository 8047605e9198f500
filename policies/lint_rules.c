/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on calls that do not do what they look like. */
#include <errno.h>
#include <string.h>

#include "policies/filter_model.h"
#include "policies/lint_parts.h"
#include "policies/syscall_args.h"

static bool same_place(const struct where *a, const struct where *b)
{
	return a->line == b->line && strcmp(a->file, b->file) == 0;
}

static void conditions(struct linter *l, const struct syscall_rule *rule)
{
	uint32_t answer = 0;

	if (!rule->cond ||
	    !diagram_is_leaf(&l->set, filter_model_condition(rule->cond, &l->set), &answer))
		return;
	lint_add(l, answer ? LINT_ALWAYS_TRUE : LINT_NEVER_TRUE, &rule->rule, "%s", rule->names[0]);
}

/* An earlier rule of the user's with the same words, or NULL. */
static const struct rule *earlier_twin(const struct linter *l, size_t at)
{
	const struct rule *rule = &l->policy->syscalls[at].rule;

	for (size_t i = 0; i < at; i++) {
		const struct rule *other = &l->policy->syscalls[i].rule;

		if (!same_place(&other->where, &rule->where) && lint_is_own(l, other) &&
		    strcmp(other->text, rule->text) == 0)
			return other;
	}
	return NULL;
}

/* Does the policy mean the same without the rules of this line? */
static bool is_idle(struct linter *l, const struct rule *line)
{
	struct policy less = *l->policy;
	struct err ignored = { 0 };
	diagram f = 0;

	less.n_syscalls = 0;
	less.syscalls = arena_array(l->out->arena, l->policy->n_syscalls, sizeof(*less.syscalls));
	if (!less.syscalls) {
		l->out->out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < l->policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &l->policy->syscalls[i];

		if (!same_place(&rule->rule.where, &line->where))
			less.syscalls[less.n_syscalls++] = *rule;
	}
	return filter_model(&less, l->arch, FILTER_VERDICT, &l->set, &f, &ignored) == 0 &&
	       f == l->verdict;
}

static int error_of(const struct policy *policy, const struct syscall_rule *rule)
{
	if (rule->error)
		return rule->error;
	return policy->otherwise_error ? policy->otherwise_error : EPERM;
}

static const char *common_name(const struct syscall_rule *a, const struct syscall_rule *b)
{
	for (size_t i = 0; i < a->n_names; i++) {
		for (size_t k = 0; k < b->n_names; k++) {
			if (strcmp(a->names[i], b->names[k]) == 0)
				return a->names[i];
		}
	}
	return NULL;
}

static void conflicts(struct linter *l, size_t at)
{
	const struct syscall_rule *rule = &l->policy->syscalls[at];

	for (size_t i = 0; i < l->policy->n_syscalls; i++) {
		const struct syscall_rule *other = &l->policy->syscalls[i];
		const char *call;

		if (i == at || other->allow || other->cond ||
		    (i < at && lint_is_own(l, &other->rule)) || /* told from the other side */
		    error_of(l->policy, other) == error_of(l->policy, rule))
			continue;
		call = common_name(rule, other);
		if (call)
			lint_add(l, LINT_CONFLICTING_ERRORS, &rule->rule,
				 "%s is refused with %s here and with %s by %s:%u", call,
				 errno_name(error_of(l->policy, rule)),
				 errno_name(error_of(l->policy, other)), other->rule.where.file,
				 other->rule.where.line);
	}
}

void lint_rules(struct linter *l)
{
	const struct policy *policy = l->policy;

	for (size_t i = 0; i < policy->n_syscalls && !l->set.failed; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];
		const struct rule *twin;

		if (!lint_is_own(l, &rule->rule))
			continue;
		conditions(l, rule);
		if (!rule->allow && !rule->cond)
			conflicts(l, i);
		if (i > 0 && same_place(&policy->syscalls[i - 1].rule.where, &rule->rule.where))
			continue; /* one line, several rules: looked at once */
		twin = earlier_twin(l, i);
		if (twin)
			lint_add(l, LINT_DUPLICATE_RULE, &rule->rule, "as line %u",
				 twin->where.line);
		else if (is_idle(l, &rule->rule))
			lint_add(l,
				 rule->allow ? LINT_ALLOW_WITHOUT_EFFECT : LINT_DENY_WITHOUT_EFFECT,
				 &rule->rule, "%s", "");
	}
	if (policy->unknown_error && policy->unknown_error != ENOSYS)
		lint_add(l, LINT_UNKNOWN_NOT_ENOSYS, NULL, "%s", errno_name(policy->unknown_error));
}
