/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_LINT_PARTS_H
#define IMMURE_POLICIES_LINT_PARTS_H

/* The parts of policy_lint(), one file each. Out of memory is remembered in the findings. */

#include "policies/diagram.h"
#include "policies/policy_lint.h"

struct linter {
	const struct policy *policy;
	uint32_t arch;
	struct diagrams set;
	diagram verdict, explain; /* filter_model() of the policy */
	struct lint *out;
};

/*
 * Add what was found.
 *
 *   rule    where; NULL: the policy as a whole. Findings of one id on one line become one.
 *   format  what exactly: "ptrace"; "" if there is no more to say
 */
void lint_add(struct linter *l, enum lint_id id, const struct rule *rule, const char *format, ...)
	printf_like(4, 5);

/* True for a rule that stands in the policy that was asked for, or in another file of the user's.
 */
bool lint_is_own(const struct linter *l, const struct rule *rule);

/* What the policy says of one call: a diagram of its arguments. False if there is no such call. */
bool lint_call(struct linter *l, const char *call, diagram *ret);

void lint_dangers(struct linter *l);  /* calls and arguments that should not be open */
void lint_families(struct linter *l); /* calls that do the same and are treated differently */
void lint_rules(struct linter *l);    /* rules that do not do what they look like */
void lint_files(struct linter *l);
void lint_network(struct linter *l);
void lint_waive(struct linter *l, const struct policy_waiver *waiver, const char *today);
void lint_whole(struct linter *l,
		const char *today); /* limits, user, layers, tests; waivers last */

#endif
