/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_expect.h"

#include <errno.h>
#include <stdio.h>

#include "policies/bundle.h"
#include "policies/filter_model.h"
#include "policies/policy_access.h"
#include "policies/syscall_sets.h"

struct judge {
	const struct policy *policy;
	uint32_t arch;
	struct diagrams set;
	diagram verdict, explain;
	struct diags *diags;
};

static const char *rule_of(const struct judge *j, const struct seccomp_data *data, char *ret,
			   size_t size)
{
	uint32_t leaf = diagram_value(&j->set, j->explain, data);
	const struct rule *rule = NULL;

	ret[0] = '\0';
	if (EXPLAIN_RULE(leaf) < j->policy->n_syscalls)
		rule = &j->policy->syscalls[EXPLAIN_RULE(leaf)].rule;
	if (rule && snprintf(ret, size, " by %s:%u", rule->where.file, rule->where.line) < 0)
		ret[0] = '\0';
	return ret;
}

static void expect_call(struct judge *j, const struct policy_test *test)
{
	struct seccomp_data data = { .nr = syscall_number(test->call, j->arch), .arch = j->arch };
	cleanup_strbuf struct strbuf text = { 0 };
	char by[300];
	diagram asked = diagram_leaf(&j->set, 1);
	diagram wrong;
	diagram f;

	if (data.nr < 0) /* not of this architecture: nobody can call it */
		return;
	f = diagram_fix(&j->set, diagram_fix(&j->set, j->verdict, DIAGRAM_ARCH, j->arch),
			DIAGRAM_NR, (uint32_t)data.nr);
	for (size_t i = 0; i < test->n_args; i++) {
		const struct diagram_word word = { DIAGRAM_ARG_LOW((unsigned)test->args[i]),
						   DIAGRAM_EQ, UINT32_MAX, test->values[i] };

		asked = diagram_if(&j->set, diagram_of_test(&j->set, &word), asked, 0);
		data.args[test->args[i]] = test->values[i];
	}
	f = diagram_equals(&j->set, f, EXPLAIN_LEAF(BUNDLE_NO_RULE, VERDICT_ALLOW, 0));
	wrong = test->allow ? diagram_if(&j->set, f, 0, asked) : diagram_if(&j->set, f, asked, 0);
	if (!diagram_difference(&j->set, wrong, 0, &data))
		return;
	filter_call_print(&data, FILTER_ALL_ARGS, &text);
	diags_add(j->diags, test->rule.where, "the test fails: %s is %s%s; expected it to be %s",
		  strbuf_str(&text), test->allow ? "refused" : "allowed",
		  rule_of(j, &data, by, sizeof(by)), test->allow ? "allowed" : "refused");
}

static void expect_path(const struct judge *j, const struct policy_test *test)
{
	bool granted = policy_access(j->policy, test->path) & test->access;
	const struct file_rule *rule = policy_access_rule(j->policy, test->path, test->access);
	const char *access = file_access_name(test->access);

	if (granted == test->allow)
		return;
	if (rule)
		diags_add(j->diags, test->rule.where,
			  "the test fails: %s of %s is %s by %s:%u; expected it to be %s", access,
			  test->path, granted ? "granted" : "denied", rule->rule.where.file,
			  rule->rule.where.line, test->allow ? "granted" : "refused");
	else
		diags_add(j->diags, test->rule.where,
			  "the test fails: no rule grants %s of %s; expected one", access,
			  test->path);
}

static void expect_network(const struct judge *j, const struct policy_test *test, unsigned protocol)
{
	const struct net_query query = net_query_of(test->verb, protocol, &test->to);
	struct net_answer answer = net_decide(&j->policy->net, &query);
	const struct net_rule one = { .verb = test->verb,
				      .protocols = (uint8_t)protocol,
				      .to = test->to };
	cleanup_strbuf struct strbuf text = { 0 };

	if (answer.allowed == test->allow)
		return;
	net_rule_print(&one, &text);
	if (answer.rule)
		diags_add(j->diags, test->rule.where,
			  "the test fails: %s is %s by %s:%u; expected it to be %s",
			  strbuf_str(&text), answer.allowed ? "granted" : "denied",
			  answer.rule->rule->where.file, answer.rule->rule->where.line,
			  test->allow ? "granted" : "refused");
	else if (answer.allowed)
		diags_add(
			j->diags, test->rule.where,
			"the test fails: %s is not refused, for the policy has no network rules; expected \"network:\"",
			strbuf_str(&text));
	else
		diags_add(j->diags, test->rule.where,
			  "the test fails: no rule grants %s; expected one%s", strbuf_str(&text),
			  answer.floor ? " that names this address" : "");
}

int policy_expect_check(const struct policy *policy, uint32_t arch, struct arena *arena,
			struct diags *diags, struct err *err)
{
	struct judge j = { .policy = policy, .arch = arch, .diags = diags };
	int r;

	if (policy->n_tests == 0)
		return 0;
	if (diagrams_init(&j.set, arena) < 0)
		return err_set(err, ENOMEM, "out of memory");
	r = filter_model(policy, arch, FILTER_VERDICT, &j.set, &j.verdict, err);
	if (r == 0)
		r = filter_model(policy, arch, FILTER_RULES, &j.set, &j.explain, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < policy->n_tests; i++) {
		const struct policy_test *test = &policy->tests[i];

		if (test->call)
			expect_call(&j, test);
		else if (test->path)
			expect_path(&j, test);
		for (unsigned bit = NET_TCP; bit <= NET_UDP; bit <<= 1) {
			if (test->protocols & bit)
				expect_network(&j, test, bit);
		}
	}
	return j.set.failed ? err_set(err, E2BIG, "the conditions are too complex for the tests")
			    : 0;
}
