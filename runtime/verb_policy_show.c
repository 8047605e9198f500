/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/jsonw.h"
#include "policies/policy_print.h"
#include "policies/policy_read.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"
#include "runtime/verb_policy.h"

struct show_options {
	bool json, effective, groups, list;
};

static const struct opt show_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct show_options, json), NULL, "as canonical JSON",
	  NULL },
	{ "effective", 0, OPT_FLAG, offsetof(struct show_options, effective), NULL,
	  "what the rules together say of each system call", NULL },
	{ "groups", 0, OPT_FLAG, offsetof(struct show_options, groups), NULL,
	  "list the @groups of system calls and what is in them", NULL },
	{ "list", 0, OPT_FLAG, offsetof(struct show_options, list), NULL,
	  "list the policies that immure brings", NULL },
};

/* The merged policy, in the language itself: it can be checked and run as it stands. */
static void print_policy(const struct policy *policy, const struct bundle *bundle)
{
	cleanup_strbuf struct strbuf text = { 0 };

	policy_print(policy, POLICY_PRINT_PLACES, &text);
	printf("# %s and all that it extends: %u system calls open, a filter of %zu instructions\n%s",
	       policy->name, bundle->n_allowed, bundle->n_filter, strbuf_str(&text));
}

static void json_rules(struct jsonw *j, const char *key, const struct bundle *bundle, size_t from,
		       size_t to)
{
	const char *last = NULL;

	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = from; i < to; i++) {
		const struct rule *rule = &bundle->rules[i];

		if (rule->text == last)
			continue;
		last = rule->text;
		jsonw_object(j);
		jsonw_kstr(j, "file", rule->where.file);
		jsonw_ku64(j, "line", rule->where.line);
		jsonw_kstr(j, "rule", rule->text);
		jsonw_kstr(j, "why", rule->why);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void print_policy_json(const struct policy *policy, const struct bundle *bundle)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_object(&j);
	jsonw_ku64(&j, "calls_open", bundle->n_allowed);
	json_rules(&j, "files", bundle, policy->n_syscalls, bundle->n_rules);
	jsonw_ku64(&j, "instructions", bundle->n_filter);
	jsonw_kstr(&j, "name", policy->name);
	jsonw_key(&j, "sources");
	jsonw_array(&j);
	for (size_t i = 0; i < policy->n_sources; i++) {
		char hex[DIGEST_HEX_LEN];

		digest_hex(&policy->sources[i].digest, hex);
		jsonw_object(&j);
		jsonw_kstr(&j, "name", policy->sources[i].name);
		jsonw_kstr(&j, "path", policy->sources[i].path);
		jsonw_kstr(&j, "sha256", hex);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	json_rules(&j, "syscalls", bundle, 0, policy->n_syscalls);
	jsonw_object_end(&j);
	printf("%s\n", strbuf_str(&out));
}

static void print_groups(void)
{
	for (size_t i = 0; i < n_syscall_group_names; i++) {
		struct name_list list = { 0 };

		if (!syscall_group_find(span_of(syscall_group_names[i]), &list))
			continue;
		printf("%s:", syscall_group_names[i]);
		for (size_t k = 0; k < list.n; k++)
			printf(" %s", list.names[k]);
		printf("\n");
	}
}

static int show(const struct verb_call *call, struct err *err)
{
	const struct show_options *options = call->options;
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	int r;

	if (options->groups)
		print_groups();
	for (size_t i = 0; options->list && i < n_builtin_names; i++)
		printf("%s\n", builtin_names[i]);
	if (call->argc == 0 && !options->groups && !options->list) {
		err_set(err, EINVAL, "no policy: expected a file or a builtin; see --list");
		return err_at(err, ERR_USAGE);
	}
	if (call->argc == 0)
		return 0;
	r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);
	if (r != 0)
		return r;
	if (options->effective)
		return policy_print_effective(&policy, bundle.audit_arch, call->arena, err);
	if (options->json)
		print_policy_json(&policy, &bundle);
	else
		print_policy(&policy, &bundle);
	return 0;
}

const struct verb verb_policy_show = {
	.name = "show",
	.args = "[--json | --effective] POLICY | --groups | --list",
	.help = "print a policy merged with all that it extends",
	.opts = show_opts,
	.n_opts = ARRAY_LEN(show_opts),
	.options_size = sizeof(struct show_options),
	.min_args = 0,
	.max_args = 1,
	.mixed = true,
	.run = show,
};
