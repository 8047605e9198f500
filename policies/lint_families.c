/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that do the same: which of them a program makes is its libc's choice. */
#include <errno.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/lint_parts.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define ALLOWED EXPLAIN_LEAF(BUNDLE_NO_RULE, VERDICT_ALLOW, 0)

enum state {
	STATE_ABSENT, /* not of this architecture, or answered as if it were not */
	STATE_REFUSED,
	STATE_OPEN, /* for some arguments at least */
};

static enum state state_of(struct linter *l, const char *call)
{
	uint32_t answer = 0;
	diagram f = 0;

	if (!lint_call(l, call, &f))
		return STATE_ABSENT;
	if (!diagram_is_leaf(&l->set, f, &answer) || answer == ALLOWED)
		return STATE_OPEN;
	return EXPLAIN_ERRNO(answer) == ENOSYS ? STATE_ABSENT : STATE_REFUSED;
}

/* What libraries try first and give up after ENOSYS only. */
static void fallbacks(struct linter *l)
{
	static const char *const calls[] = { "clone3",    "statx",   "faccessat2",
					     "fchmodat2", "openat2", "close_range" };

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		uint32_t answer = 0;
		diagram f = 0;

		if (state_of(l, calls[i]) != STATE_REFUSED || !lint_call(l, calls[i], &f) ||
		    !diagram_is_leaf(&l->set, f, &answer))
			continue;
		lint_add(l, LINT_EPERM_FOR_ENOSYS, NULL, "%s with %s", calls[i],
			 errno_name(EXPLAIN_ERRNO(answer)));
	}
}

/* A rule of the user's that opens a call, or NULL. */
static const struct rule *own_allow(const struct linter *l, const char *call)
{
	for (size_t i = 0; i < l->policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &l->policy->syscalls[i];

		if (rule->allow && syscall_rule_names(rule, call) && lint_is_own(l, &rule->rule))
			return &rule->rule;
	}
	return NULL;
}

static void half_family(struct linter *l, struct name_list family)
{
	const struct rule *rule = NULL;
	const char *open = NULL;
	const char *refused = NULL;

	for (size_t i = 0; i < family.n; i++) {
		enum state state = state_of(l, family.names[i]);

		if (state == STATE_REFUSED && !refused)
			refused = family.names[i];
		if (state != STATE_OPEN)
			continue;
		open = open ? open : family.names[i];
		rule = rule ? rule : own_allow(l, family.names[i]);
	}
	if (open && refused && rule)
		lint_add(l, LINT_HALF_FAMILY, rule, "%s is open and %s is refused", open, refused);
}

static void half_families(struct linter *l)
{
	int count = syscall_count(l->arch);

	for (int nr = 0; nr < count; nr++) {
		const char *call = syscall_name(nr, l->arch);
		struct name_list family = call ? syscall_family(call) : (struct name_list){ 0 };
		const char *first = NULL;

		/* Once, at the first of its members that this architecture has. */
		for (size_t i = 0; i < family.n && !first; i++)
			first = syscall_number(family.names[i], l->arch) >= 0 ? family.names[i]
									      : NULL;
		if (first && strcmp(first, call) == 0)
			half_family(l, family);
	}
}

/* By the user, or whatever the arguments; a base's deny on some arguments is about those. */
static bool is_denied_too(const struct linter *l, const char *call)
{
	for (size_t i = 0; i < l->policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &l->policy->syscalls[i];

		if (!rule->allow && (!rule->cond || lint_is_own(l, &rule->rule)) &&
		    syscall_rule_names(rule, call))
			return true;
	}
	return false;
}

static void deny_misses(struct linter *l, const struct syscall_rule *rule)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		struct name_list family = syscall_family(rule->names[i]);

		for (size_t k = 0; k < family.n; k++) {
			if (is_denied_too(l, family.names[k]) ||
			    state_of(l, family.names[k]) != STATE_OPEN)
				continue;
			lint_add(l, LINT_DENY_HALF_FAMILY, &rule->rule,
				 "%s is open, which does the same as %s", family.names[k],
				 rule->names[i]);
		}
	}
}

void lint_families(struct linter *l)
{
	fallbacks(l);
	half_families(l);
	for (size_t i = 0; i < l->policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &l->policy->syscalls[i];

		if (!rule->allow && lint_is_own(l, &rule->rule))
			deny_misses(l, rule);
	}
}
