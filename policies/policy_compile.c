/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/audit.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/filter_emit.h"
#include "policies/filter_model.h"
#include "policies/policy_expect.h"
#include "policies/syscall_sets.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "no system call tables for this architecture"
#endif

const uint32_t policy_native_arch = NATIVE_ARCH;

static void check_floor(const struct policy *policy, struct diags *diags)
{
	bool executes = false;

	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		executes = executes || (rule->allow && syscall_rule_names(rule, "execve"));
		for (size_t k = 0; !rule->allow && filter_always[k]; k++) {
			if (syscall_rule_names(rule, filter_always[k]))
				diags_add(
					diags, rule->rule.where,
					"%s cannot be denied: nothing could end or return from a signal",
					filter_always[k]);
		}
	}
	if (!executes)
		diags_add(
			diags, (struct where){ policy->sources[0].name, 1, 1 },
			"execve is not allowed: nothing could be started; expected a base such as builtin/glibc, or \"allow execve\"");
}

/* The targets of one line share its record. */
static void fill_net(const struct policy *policy, struct bundle *bundle)
{
	const struct net_rule *rules = policy->net.rules;

	bundle->net.stated = policy->net.stated;
	for (size_t i = 0; i < policy->net.n; i++) {
		if (i == 0 || rules[i].rule != rules[i - 1].rule)
			bundle->rules[bundle->n_rules++] = *rules[i].rule;
		bundle->net.rules[i] = rules[i];
		bundle->net.rules[i].rule = &bundle->rules[bundle->n_rules - 1];
	}
	bundle->net.n = policy->net.n;
}

static bool is_same_line(const struct where *a, const struct where *b)
{
	return a->line == b->line && strcmp(a->file, b->file) == 0;
}

/* All layers that one line requires are one rule: "require seccomp landlock". */
static const char *require_text(const struct policy *policy, const struct where *line,
				struct arena *arena)
{
	const char *text = "require";

	for (int i = 0; text && i < LAYER_COUNT; i++) {
		const struct where *where = &policy->require_where[i];

		if (policy->require & 1U << i && where->file && is_same_line(where, line))
			text = arena_printf(arena, "%s %s", text, layer_name((enum layer)i));
	}
	return text;
}

/* So that a verdict on a limit, on a required layer or on the mode can point at its line. */
static void fill_settings(const struct policy *policy, struct arena *arena, struct bundle *bundle)
{
	size_t first;

	for (size_t i = 0; i < ARRAY_LEN(policy->limit_where); i++) {
		if (policy->limits.set & 1U << i && policy->limit_where[i].file)
			bundle->rules[bundle->n_rules++] =
				(struct rule){ .where = policy->limit_where[i],
					       .text = arena_printf(arena, "limits %s",
								    limit_key(i)) };
	}
	first = bundle->n_rules;
	for (int i = 0; i < LAYER_COUNT; i++) {
		const struct where *where = &policy->require_where[i];
		bool is_new = policy->require & 1U << i && where->file;

		for (size_t k = first; is_new && k < bundle->n_rules; k++)
			is_new = !is_same_line(&bundle->rules[k].where, where);
		if (is_new)
			bundle->rules[bundle->n_rules++] = (struct rule){
				.where = *where,
				.text = require_text(policy, where, arena),
			};
	}
	if (policy->audit_only && policy->mode_where.file)
		bundle->rules[bundle->n_rules++] =
			(struct rule){ .where = policy->mode_where, .text = "mode audit" };
}

static int fill_rules(const struct policy *policy, struct arena *arena, struct bundle *bundle)
{
	size_t n = policy->n_syscalls + policy->n_files + policy->net.n +
		   ARRAY_LEN(policy->limit_where) + LAYER_COUNT + 1;

	bundle->rules = arena_array(arena, n + 1, sizeof(*bundle->rules));
	bundle->files = arena_array(arena, policy->n_files + 1, sizeof(*bundle->files));
	bundle->net.rules = arena_array(arena, policy->net.n + 1, sizeof(*bundle->net.rules));
	if (!bundle->rules || !bundle->files || !bundle->net.rules)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_syscalls; i++)
		bundle->rules[bundle->n_rules++] = policy->syscalls[i].rule;
	for (size_t i = 0; i < policy->n_files; i++) {
		bundle->files[bundle->n_files++] = (struct bundle_file){
			.access = policy->files[i].access,
			.rule = (uint16_t)bundle->n_rules,
			.tree = policy->files[i].tree,
			.path = policy->files[i].path,
		};
		bundle->rules[bundle->n_rules++] = policy->files[i].rule;
	}
	fill_net(policy, bundle);
	fill_settings(policy, arena, bundle);
	return 0;
}

/* Names by number, so that the launcher can tell what was refused without libseccomp. */
static int fill_calls(struct arena *arena, struct bundle *bundle)
{
	int count = syscall_count(bundle->audit_arch);
	size_t size = 0;
	char *text;

	for (int nr = 0; nr < count; nr++) {
		const char *name = syscall_name(nr, bundle->audit_arch);

		size += (name ? strlen(name) : 0) + 1;
	}
	text = arena_alloc(arena, size + 1);
	if (!text)
		return -ENOMEM;
	bundle->n_calls = (size_t)count;
	bundle->calls = (struct span){ text, size };
	for (int nr = 0; nr < count; nr++) {
		const char *name = syscall_name(nr, bundle->audit_arch);
		size_t n = name ? strlen(name) : 0;

		if (n > 0)
			memcpy(text, name, n + 1);
		text += n + 1;
	}
	return 0;
}

/* Emit and prove one program. */
static int emit_one(const struct policy *policy, uint32_t arch, enum filter_kind kind,
		    struct arena *arena, struct filter_code *ret, struct err *err)
{
	int r = filter_emit(policy, arch, kind, arena, ret, err);

	return r < 0 ? r : filter_check(policy, arch, kind, *ret, arena, err);
}

static int emit(const struct policy *policy, struct arena *arena, struct bundle *bundle,
		struct err *err)
{
	struct filter_code code = { 0 };
	int r = emit_one(policy, bundle->audit_arch, FILTER_KERNEL, arena, &code, err);

	if (r < 0)
		return r;
	bundle->filter = code.code;
	bundle->n_filter = code.n;
	bundle->n_allowed = code.n_allowed;
	r = emit_one(policy, bundle->audit_arch, FILTER_EXPLAIN, arena, &code, err);
	if (r < 0)
		return r;
	bundle->explain = code.code;
	bundle->n_explain = code.n;
	return 0;
}

int policy_compile(const struct policy *policy, struct arena *arena, struct bundle *ret,
		   struct diags *diags)
{
	struct bundle bundle = {
		.name = policy->name,
		.identity = policy->identity,
		.limits = policy->limits,
		.audit_only = policy->audit_only,
		.require = policy->require,
		.record = policy->record,
		.loss_fails = policy->loss_fails,
		.audit_arch = NATIVE_ARCH,
		.n_waivers = policy->n_waivers,
		.waivers = policy->waivers,
		.n_sources = policy->n_sources,
		.sources = policy->sources,
	};
	struct err err = { 0 };
	size_t faults = diags->n;
	int r;

	check_floor(policy, diags);
	if (diags->n > faults)
		return -EINVAL;
	if (fill_rules(policy, arena, &bundle) < 0 || fill_calls(arena, &bundle) < 0)
		return -ENOMEM;
	r = emit(policy, arena, &bundle, &err);
	if (r == 0)
		r = policy_expect_check(policy, bundle.audit_arch, arena, diags, &err);
	if (r < 0) {
		diags_add(diags, (struct where){ policy->sources[0].name, 1, 1 }, "%s", err.msg);
		return r;
	}
	if (diags->n > faults)
		return -EINVAL;
	*ret = bundle;
	return 0;
}
