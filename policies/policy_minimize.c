/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_minimize.h"

#include <errno.h>
#include <string.h>

#include "policies/policy_expect.h"

struct search {
	const struct policy *policy;
	uint32_t arch;
	struct spare_grants *ret;
	struct err *err;
};

static bool is_builtin(const struct rule *rule)
{
	return strncmp(rule->where.file, "builtin/", strlen("builtin/")) == 0;
}

/* 1 if every test holds for `less`, 0 if one fails. */
static int tests_hold(const struct search *s, const struct policy *less, struct arena *scratch)
{
	struct diags diags = { .arena = scratch };
	int r = policy_expect_check(less, s->arch, scratch, &diags, s->err);

	if (r < 0)
		return r;
	return diags.out_of_memory ? err_set(s->err, ENOMEM, "out of memory") : diags.n == 0;
}

static int report(const struct search *s, const struct rule *rule, const char *what)
{
	struct spare_grants *ret = s->ret;
	struct spare_grant *grown =
		arena_grow(ret->arena, ret->items, &ret->cap, ret->n + 1, sizeof(*grown));

	if (!grown)
		return err_set(s->err, ENOMEM, "out of memory");
	ret->items = grown;
	grown[ret->n++] = (struct spare_grant){ rule, what };
	return 0;
}

/* Without the call `name` in the i-th rule. */
static int try_call(const struct search *s, size_t i, size_t name)
{
	cleanup_arena struct arena scratch = { 0 };
	const struct syscall_rule *rule = &s->policy->syscalls[i];
	struct policy less = *s->policy;
	const char **names = arena_array(&scratch, rule->n_names, sizeof(*names));
	size_t n = 0;
	int r;

	less.syscalls = arena_array(&scratch, less.n_syscalls, sizeof(*less.syscalls));
	if (!names || !less.syscalls)
		return err_set(s->err, ENOMEM, "out of memory");
	memcpy(less.syscalls, s->policy->syscalls, less.n_syscalls * sizeof(*less.syscalls));
	for (size_t k = 0; k < rule->n_names; k++) {
		if (k != name)
			names[n++] = rule->names[k];
	}
	less.syscalls[i].names = names;
	less.syscalls[i].n_names = n;
	r = tests_hold(s, &less, &scratch);
	return r > 0 ? report(s, &rule->rule, rule->names[name]) : r;
}

static int try_path(const struct search *s, size_t i)
{
	cleanup_arena struct arena scratch = { 0 };
	const struct file_rule *rule = &s->policy->files[i];
	struct policy less = *s->policy;
	int r;

	less.files = arena_array(&scratch, less.n_files, sizeof(*less.files));
	if (!less.files)
		return err_set(s->err, ENOMEM, "out of memory");
	memcpy(less.files, s->policy->files, less.n_files * sizeof(*less.files));
	less.files[i] = less.files[--less.n_files];
	r = tests_hold(s, &less, &scratch);
	return r > 0 ? report(s, &rule->rule, rule->path) : r;
}

static int try_target(const struct search *s, size_t i)
{
	cleanup_arena struct arena scratch = { 0 };
	const struct net_rule *rule = &s->policy->net.rules[i];
	cleanup_strbuf struct strbuf text = { 0 };
	struct policy less = *s->policy;
	const char *what;
	int r;

	less.net.rules = arena_array(&scratch, less.net.n, sizeof(*less.net.rules));
	if (!less.net.rules)
		return err_set(s->err, ENOMEM, "out of memory");
	memcpy(less.net.rules, s->policy->net.rules, less.net.n * sizeof(*less.net.rules));
	less.net.rules[i] = less.net.rules[--less.net.n];
	r = tests_hold(s, &less, &scratch);
	if (r <= 0)
		return r;
	net_target_print(&rule->to, &text);
	what = arena_strdup(s->ret->arena, strbuf_str(&text));
	return what ? report(s, rule->rule, what) : err_set(s->err, ENOMEM, "out of memory");
}

int policy_minimize(const struct policy *policy, uint32_t arch, struct spare_grants *ret,
		    struct err *err)
{
	const struct search s = { policy, arch, ret, err };
	int r = 0;

	if (policy->n_tests == 0)
		return err_set(err, ENODATA, "the policy has no tests to hold its grants against");
	for (size_t i = 0; r == 0 && i < policy->n_files; i++) {
		if (policy->files[i].access != FILE_DENY && !is_builtin(&policy->files[i].rule))
			r = try_path(&s, i);
	}
	for (size_t i = 0; r == 0 && i < policy->net.n; i++) {
		if (policy->net.rules[i].verb != NET_DENY && !is_builtin(policy->net.rules[i].rule))
			r = try_target(&s, i);
	}
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		for (size_t k = 0;
		     r == 0 && rule->allow && !is_builtin(&rule->rule) && k < rule->n_names; k++)
			r = try_call(&s, i, k);
	}
	return r;
}
