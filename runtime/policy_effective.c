/* SPDX-License-Identifier: Apache-2.0 */
/* policy show --effective: what all the rules together say of each system call. */
#include <stdio.h>

#include "policies/filter_model.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"
#include "runtime/verb_policy.h"

/* Each line that names the call, with its place. */
static void print_rules(const struct policy *policy, const char *call)
{
	const char *last = NULL;

	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		if (!syscall_rule_names(rule, call) || rule->rule.text == last)
			continue;
		last = rule->rule.text;
		printf("                %s:%u: %s\n", rule->rule.where.file, rule->rule.where.line,
		       rule->rule.text);
	}
}

static void print_call(const struct policy *policy, const struct diagrams *set, diagram f,
		       const char *call)
{
	const struct rule *rule = NULL;
	uint32_t leaf = 0;

	if (!diagram_is_leaf(set, f, &leaf)) {
		printf("by arguments    %s\n", call);
		print_rules(policy, call);
		return;
	}
	if (EXPLAIN_RULE(leaf) < policy->n_syscalls)
		rule = &policy->syscalls[EXPLAIN_RULE(leaf)].rule;
	if (EXPLAIN_ACTION(leaf) == VERDICT_ALLOW)
		printf("allowed         %s", call);
	else
		printf("refused %-7s %s", errno_name(EXPLAIN_ERRNO(leaf)), call);
	if (rule)
		printf("  %s:%u", rule->where.file, rule->where.line);
	printf("\n");
}

int policy_print_effective(const struct policy *policy, uint32_t arch, struct arena *arena,
			   struct err *err)
{
	struct diagrams set = { 0 };
	diagram all = 0;
	int count;
	int r;

	if (diagrams_init(&set, arena) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (policy->audit_only)
		printf("mode audit      what is refused below is recorded and goes on; see immure-policy(5)\n");
	r = filter_model(policy, arch, FILTER_RULES, &set, &all, err);
	if (r < 0)
		return r;
	all = diagram_fix(&set, all, DIAGRAM_ARCH, arch);
	count = syscall_count(arch);
	for (int nr = 0; nr < count; nr++) {
		const char *call = syscall_name(nr, arch);

		if (call)
			print_call(policy, &set, diagram_fix(&set, all, DIAGRAM_NR, (uint32_t)nr),
				   call);
	}
	return set.failed ? err_set(err, E2BIG, "the conditions are too complex to be shown") : 0;
}
