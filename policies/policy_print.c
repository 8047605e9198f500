/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_print.h"

#include <string.h>

#include "policies/syscall_args.h"

struct printer {
	const struct policy *policy;
	unsigned flags;
	struct strbuf *out;
};

/* May the text stand without quotes? More is quoted than YAML asks for. */
static bool is_plain(const char *text, bool in_list)
{
	size_t n = strlen(text);

	if (n == 0 || strchr("-?:,[]{}#&*!|>'\"%@`~ \t", text[0]) || strchr(": \t", text[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f || c > 0x7e || (in_list && strchr(",[]{}", c)))
			return false;
		if ((c == ':' && text[i + 1] == ' ') || (c == '#' && text[i - 1] == ' '))
			return false;
	}
	return true;
}

static void put_text(struct strbuf *out, const char *text, bool in_list)
{
	if (is_plain(text, in_list)) {
		strbuf_puts(out, text);
		return;
	}
	strbuf_putc(out, '"');
	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			strbuf_addf(out, "\\x%02x", c);
		else
			strbuf_putc(out, (char)c);
	}
	strbuf_putc(out, '"');
}

void policy_print_line(struct span line, struct strbuf *ret)
{
	char quote = '\0';
	bool after_blank = false;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		bool blank = c == ' ' || c == '\t';

		if (quote) {
			strbuf_putc(ret, c);
			if (c == '\\' && quote == '"' && i + 1 < line.n)
				strbuf_putc(ret, line.p[++i]);
			else if (c == quote)
				quote = '\0';
			continue;
		}
		if (c == '"' || c == '\'')
			quote = c;
		if (!blank)
			strbuf_putc(ret, c);
		else if (!after_blank)
			strbuf_putc(ret, ' ');
		after_blank = blank;
	}
}

static void put_rule(const struct printer *p, const struct rule *rule)
{
	cleanup_strbuf struct strbuf text = { 0 };

	policy_print_line(span_trim(span_of(rule->text)), &text);
	strbuf_puts(p->out, "  - ");
	put_text(p->out, strbuf_str(&text), false);
	p->out->failed = p->out->failed || text.failed;
	if (rule->why)
		strbuf_addf(p->out, "  # why: %s", rule->why);
	else if (p->flags & POLICY_PRINT_PLACES)
		strbuf_addf(p->out, "  # %s:%u", rule->where.file, rule->where.line);
	strbuf_putc(p->out, '\n');
}

/* One line may have become several rules; it is printed once. */
static bool same_line(const struct rule *a, const struct rule *b)
{
	return a->text == b->text;
}

static void put_files(const struct printer *p)
{
	const struct policy *policy = p->policy;

	if (policy->n_files > 0)
		strbuf_puts(p->out, "files:\n");
	for (size_t i = 0; i < policy->n_files; i++) {
		if (i == 0 || !same_line(&policy->files[i].rule, &policy->files[i - 1].rule))
			put_rule(p, &policy->files[i].rule);
	}
}

static void put_calls(const struct printer *p)
{
	const struct policy *policy = p->policy;

	if (policy->n_syscalls > 0 || policy->otherwise_error || policy->unknown_error)
		strbuf_puts(p->out, "syscalls:\n");
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		if (i == 0 || !same_line(&policy->syscalls[i].rule, &policy->syscalls[i - 1].rule))
			put_rule(p, &policy->syscalls[i].rule);
	}
	if (policy->otherwise_error)
		strbuf_addf(p->out, "  - otherwise %s\n", errno_name(policy->otherwise_error));
	if (policy->unknown_error)
		strbuf_addf(p->out, "  - unknown %s\n", errno_name(policy->unknown_error));
}

static void put_network(const struct printer *p)
{
	const struct net_table *net = &p->policy->net;

	if (net->stated)
		strbuf_puts(p->out, net->n > 0 ? "network:\n" : "network: none\n");
	for (size_t i = 0; i < net->n; i++) {
		if (i == 0 || net->rules[i].rule != net->rules[i - 1].rule)
			put_rule(p, net->rules[i].rule);
	}
}

void policy_print_limits(const struct limits *limits, struct strbuf *ret)
{
	if (limits->set)
		strbuf_puts(ret, "limits:\n");
	for (int bit = 0; bit < LIMIT_COUNT; bit++) {
		unsigned long long value = limit_value(limits, bit);

		if (!(limits->set & 1U << bit))
			continue;
		if (1U << bit == LIMIT_CPUS)
			strbuf_addf(ret, "  cpus: %llu.%03llu\n", value / 1000, value % 1000);
		else
			strbuf_addf(ret, "  %s: %llu%s\n", limit_name(bit), value,
				    1U << bit == LIMIT_WALL ? "ms" : "");
	}
}

/* "key: [a, b]" for the bits of a set; nothing for an empty one. */
static void put_bits(const struct printer *p, const char *key, uint32_t bits,
		     const char *(*name)(int))
{
	int n = 0;

	for (int i = 0; i < 32; i++) {
		if (!(bits & 1U << i))
			continue;
		strbuf_puts(p->out, n == 0 ? key : ", ");
		strbuf_puts(p->out, n++ == 0 ? ": [" : "");
		strbuf_puts(p->out, name(i));
	}
	if (n > 0)
		strbuf_puts(p->out, "]\n");
}

static const char *layer_text(int i)
{
	return layer_name((enum layer)i);
}

static const char *recording_text(int i)
{
	return recording_name((enum recording)i);
}

void policy_print(const struct policy *policy, unsigned flags, struct strbuf *ret)
{
	const struct printer p = { policy, flags, ret };

	strbuf_puts(ret, "policy: 1\n");
	/* A policy without `name` is called by its file, which need not be a name. */
	if (policy_name_is_valid(policy->name))
		strbuf_addf(ret, "name: %s\n", policy->name);
	for (size_t i = 0; (flags & POLICY_PRINT_EXTENDS) && i < policy->n_extends; i++) {
		strbuf_puts(ret, i == 0 ? "extends: [" : ", ");
		put_text(ret, policy->extends[i], true);
		strbuf_puts(ret, i + 1 == policy->n_extends ? "]\n" : "");
	}
	if (policy->audit_only)
		strbuf_puts(ret, "mode: audit\n");
	if (policy->identity.has_user)
		strbuf_addf(ret, "identity:\n  user: %u:%u\n", policy->identity.uid,
			    policy->identity.gid);
	put_files(&p);
	put_calls(&p);
	put_network(&p);
	policy_print_limits(&policy->limits, ret);
	if (policy->record || policy->loss_fails)
		strbuf_puts(ret, "audit:\n");
	put_bits(&p, "  record", policy->record, recording_text);
	if (policy->loss_fails)
		strbuf_puts(ret, "  on-loss: fail\n");
	if (policy->n_tests > 0)
		strbuf_puts(ret, "tests:\n");
	for (size_t i = 0; i < policy->n_tests; i++)
		put_rule(&p, &policy->tests[i].rule);
	put_bits(&p, "require", policy->require, layer_text);
	if (policy->n_waivers > 0)
		strbuf_puts(ret, "waivers:\n");
	for (size_t i = 0; i < policy->n_waivers; i++)
		put_rule(&p, &policy->waivers[i].rule);
}
