/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: for each rule and target, what holds it, what holds less of it, and what is lost. */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "policies/targets.h"
#include "runtime/verb_policy.h"
#include "runtime/why.h"

struct targets_options {
	bool json;
};

static const struct opt targets_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct targets_options, json), NULL,
	  "print the ledger as JSON", NULL },
};

/* One rule, of whichever kind. */
struct line {
	struct where where;
	const char *text;
	const struct syscall_rule *call;
	const struct file_rule *file;
	const struct net_rule *net;
	uint32_t limit; /* enum limit_bit */ /* if neither */
};

static struct target_verdict judge(const struct target *t, const struct line *line)
{
	if (line->call && t->call)
		return t->call(line->call);
	if (line->file && t->file)
		return t->file(line->file);
	if (line->net && t->net)
		return t->net(line->net);
	if (line->limit && t->limit)
		return t->limit((enum limit_bit)line->limit);
	return (struct target_verdict){ TARGET_NA, NULL };
}

static void print_line(const struct line *line)
{
	why_print_escaped(line->where.file);
	printf(":%u  ", line->where.line);
	why_print_escaped(line->text);
	printf("\n");
	for (int state = TARGET_ENFORCED; state <= TARGET_LOST; state++) {
		for (size_t i = 0; i < n_targets; i++) {
			struct target_verdict v = judge(&targets[i], line);

			if ((int)v.state == state)
				printf("    %-9s %-9s%s%s\n", target_state_name(v.state),
				       targets[i].name, v.reason ? " " : "",
				       v.reason ? v.reason : "");
		}
	}
}

static void json_line(struct jsonw *j, const struct line *line)
{
	jsonw_object(j);
	jsonw_kstr(j, "file", line->where.file);
	jsonw_ku64(j, "line", line->where.line);
	jsonw_kstr(j, "rule", line->text);
	jsonw_key(j, "targets");
	jsonw_array(j);
	for (size_t i = 0; i < n_targets; i++) {
		struct target_verdict v = judge(&targets[i], line);

		if (v.state == TARGET_NA)
			continue;
		jsonw_object(j);
		jsonw_kstr(j, "reason", v.reason);
		jsonw_kstr(j, "state", target_state_name(v.state));
		jsonw_kstr(j, "target", targets[i].name);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_line(struct jsonw *j, const struct line *line)
{
	if (j)
		json_line(j, line);
	else
		print_line(line);
}

/* Targets of one line differ in what holds them: each is told. */
static void put_network(const struct net_table *net, struct jsonw *j)
{
	for (size_t i = 0; i < net->n; i++) {
		cleanup_strbuf struct strbuf text = { 0 };

		net_rule_print(&net->rules[i], &text);
		put_line(j, &(const struct line){ net->rules[i].rule->where, strbuf_str(&text),
						  NULL, NULL, &net->rules[i], 0 });
	}
}

/* A line of the policy may have become several rules; it is told once. */
static void put_rules(const struct policy *policy, struct jsonw *j)
{
	const char *last = NULL;

	for (size_t i = 0; i < policy->n_files; i++) {
		const struct file_rule *f = &policy->files[i];

		if (f->rule.text != last)
			put_line(j, &(const struct line){ f->rule.where, f->rule.text, NULL, f,
							  NULL, 0 });
		last = f->rule.text;
	}
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *s = &policy->syscalls[i];

		if (s->rule.text != last)
			put_line(j, &(const struct line){ s->rule.where, s->rule.text, s, NULL,
							  NULL, 0 });
		last = s->rule.text;
	}
	put_network(&policy->net, j);
	for (int bit = 0; bit < LIMIT_COUNT; bit++) {
		const struct line line = {
			policy->limit_where[bit], limit_name(bit), NULL, NULL, NULL,
			UINT32_C(1) << bit
		};

		if (policy->limits.set & 1U << bit)
			put_line(j, &line);
	}
}

static int show_targets(const struct verb_call *call, struct err *err)
{
	const struct targets_options *o = call->options;
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	int r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);

	if (r != 0)
		return r;
	if (o->json)
		jsonw_array(&j);
	put_rules(&policy, o->json ? &j : NULL);
	if (o->json) {
		jsonw_array_end(&j);
		printf("%s\n", strbuf_str(&out));
	}
	return 0;
}

const struct verb verb_policy_targets = {
	.name = "targets",
	.args = "[--json] POLICY",
	.help = "say for each rule which layers and tools hold it, and what they lose",
	.opts = targets_opts,
	.n_opts = ARRAY_LEN(targets_opts),
	.options_size = sizeof(struct targets_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = show_targets,
};
