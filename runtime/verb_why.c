/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/risk.h"
#include "audit/suggest.h"
#include "policies/bpf_eval.h"
#include "policies/bundle.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"
#include "runtime/verb.h"
#include "runtime/why.h"

struct why_options {
	const char *run, *path, *op, *call, *connect;
	bool apply, bisect;
};

static const struct opt why_opts[] = {
	{ "run", 0, OPT_TEXT, offsetof(struct why_options, run), "RUN",
	  "the run that is meant (the last one)", NULL },
	{ "path", 0, OPT_TEXT, offsetof(struct why_options, path), "PATH",
	  "why could PATH not be used, as seen inside", NULL },
	{ "op", 0, OPT_TEXT, offsetof(struct why_options, op), "list|read|write|exec",
	  "with --path: for what (read)", "list read write exec" },
	{ "syscall", 0, OPT_TEXT, offsetof(struct why_options, call), "NAME",
	  "what would the policy say to a call; arguments follow as numbers or constants", NULL },
	{ "connect", 0, OPT_TEXT, offsetof(struct why_options, connect), "HOST:PORT",
	  "why could a connection not be made", NULL },
	{ "bisect", 0, OPT_FLAG, offsetof(struct why_options, bisect), NULL,
	  "confirm the layer: try again in a sandbox like the run's, with one layer less each time",
	  NULL },
	{ "apply", 0, OPT_FLAG, offsetof(struct why_options, apply), NULL,
	  "add the line that would allow it to the policy of the run", NULL },
};

static const struct rule *nearest(const struct bundle *bundle, const char *call)
{
	for (size_t i = 0; i < bundle->n_rules; i++) {
		if (strncmp(bundle->rules[i].text, "allow ", 6) == 0 &&
		    rule_mentions_call(bundle->rules[i].text, call))
			return &bundle->rules[i];
	}
	return NULL;
}

static void suggest(const char *call, const json_t *args, struct arena *arena, struct why_line *ret)
{
	cleanup_strbuf struct strbuf rule = { 0 };

	suggest_call(call, args, &rule);
	printf("  %-9s under syscalls:  - %s\n", "to allow", strbuf_str(&rule));
	ret->section = "syscalls";
	ret->rule = arena_strdup(arena, strbuf_str(&rule));
}

static void explain_call(const struct bundle *bundle, const char *call, uint16_t rule,
			 const json_t *args, struct arena *arena, struct why_line *line)
{
	struct risk risk = risk_of_call(call);
	const struct rule *near = nearest(bundle, call);

	printf("  %-9s seccomp\n", "layer");
	if (rule != BUNDLE_NO_RULE)
		why_print_rule("rule", &bundle->rules[rule]);
	else
		printf("  %-9s no rule allows it%s\n", "rule",
		       near ? " with these arguments" : "; what is not named is refused");
	if (rule == BUNDLE_NO_RULE && near)
		why_print_rule("nearest", near);
	if (rule != BUNDLE_NO_RULE && strncmp(bundle->rules[rule].text, "deny ", 5) == 0)
		printf("  %-9s deny wins: take the line away, or narrow it by a condition\n",
		       "to allow");
	else
		suggest(call, args, arena, line);
	printf("  %-9s %s: %s\n", "risk", risk.level, risk.reason);
}

static const json_t *find_denial(const json_t *refusals, const char *which)
{
	uint64_t number = 0;

	if (which[0] != 'd' || span_u64(span_of(which + 1), UINT32_MAX, &number) < 0)
		return NULL;
	return json_array_get(refusals, number - 1);
}

/* Mode audit: a file that no rule grants. Its record's text begins with what was done to it. */
static int explain_file(const struct subject *s, const json_t *event, struct arena *arena,
			struct why_line *line, struct probe_wish *wish, struct err *err)
{
	struct span text = span_of(record_text(event, "text", ""));
	struct span word = span_word(&text);
	const char *op = span_eq(word, "make") ? "write" : arena_strndup(arena, word.p, word.n);

	if (!op)
		return err_set(err, ENOMEM, "out of memory");
	printf("  %-9s ", "went on");
	why_print_escaped(record_text(event, "text", "?"));
	printf(" (mode: audit)\n");
	return why_path(s, record_text(event, "path", "/"), op, arena, line, wish, err);
}

static int explain_denial(const struct subject *s, const char *which, struct arena *arena,
			  struct why_line *line, struct probe_wish *wish, struct err *err)
{
	const json_t *event = find_denial(s->refusals, which);
	const json_t *args = json_object_get(event, "args");
	struct seccomp_data data = { .nr = (int)record_number(event, "nr", -1),
				     .arch = s->bundle.audit_arch };
	const json_t *who;
	uint64_t number = 0;
	uint32_t leaf;
	size_t i;

	if (!event && (which[0] != 'd' || span_u64(span_of(which + 1), INT64_MAX, &number) < 0)) {
		err_set(err, EINVAL,
			"%.40s: expected dN, such as d1; immure why lists them, and see immure why --help",
			which);
		return err_at(err, ERR_USAGE);
	}
	if (!event) {
		err_set(err, EINVAL,
			"run %s has no denial %.20s: immure why lists them; for files: --path PATH",
			s->id, which);
		return err_at(err, ERR_USAGE);
	}
	if (strcmp(record_text(event, "layer", ""), "landlock") == 0)
		return explain_file(s, event, arena, line, wish, err);
	if (strcmp(record_text(event, "layer", ""), "netns") == 0) {
		printf("%s  ", which);
		return why_packet(s, event, arena, line, err);
	}
	for (i = 0; i < 6; i++)
		data.args[i] = (uint64_t)json_integer_value(json_array_get(args, i));
	*wish = (struct probe_wish){ .wanted = true, .data = data };
	leaf = bpf_eval(s->bundle.explain, s->bundle.n_explain, &data);
	printf("%s  ", which);
	why_print_escaped(record_text(event, "text", "?"));
	printf(" = %s  pid %lld\n", errno_name((int)record_number(event, "errno", 0)),
	       (long long)record_number(event, "pid", 0));
	printf("  %-9s ", "lineage");
	json_array_foreach(json_object_get(event, "lineage"), i, who)
	{
		printf("%s", i ? " <- " : "");
		why_print_escaped(record_text(who, "comm", "?"));
	}
	printf("\n");
	explain_call(&s->bundle, record_text(event, "call", "?"), EXPLAIN_RULE(leaf), args, arena,
		     line);
	printf("  %-9s names and paths are what the program's memory held\n", "note");
	return 0;
}

static bool number_or_constant(const char *text, uint64_t *ret)
{
	char *end = NULL;

	if (constant_find(span_of(text), ret))
		return true;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0';
}

static int explain_syscall(const struct subject *s, const struct verb_call *call, const char *name,
			   struct why_line *line, struct probe_wish *wish, struct err *err)
{
	static const char *const verdicts[] = { "allowed",
						"refused and recorded",
						"refused, not recorded",
						"killed",
						"recorded, and goes on (mode: audit)",
						"allowed" };
	struct seccomp_data data = { .arch = s->bundle.audit_arch };
	struct arg_info info[6];
	uint32_t leaf;
	uint32_t action;
	bool allowed;

	data.nr = syscall_number(name, s->bundle.audit_arch);
	if (data.nr < 0) {
		err_set(err, EINVAL, "there is no system call \"%.40s\" here", name);
		return err_at(err, ERR_USAGE);
	}
	for (int i = 0; i < call->argc && i < 6; i++) {
		uint64_t value = 0;

		if (!number_or_constant(call->argv[i], &value)) {
			err_set(err, EINVAL, "\"%.40s\": expected a number or a constant",
				call->argv[i]);
			return err_at(err, ERR_USAGE);
		}
		data.args[i] = value;
	}
	*wish = (struct probe_wish){ .wanted = true, .data = data };
	leaf = bpf_eval(s->bundle.explain, s->bundle.n_explain, &data);
	action = EXPLAIN_ACTION(leaf);
	allowed = action == VERDICT_ALLOW || action == VERDICT_LOOK;
	printf("%s: %s", name, action < ARRAY_LEN(verdicts) ? verdicts[action] : "?");
	if (!allowed)
		printf(" with %s", errno_name(EXPLAIN_ERRNO(leaf)));
	if (call->argc == 0 && syscall_args_find(name, info) > 0)
		printf(" (all arguments taken as 0)");
	printf("\n");
	line->is_open = allowed;
	if (allowed && EXPLAIN_RULE(leaf) != BUNDLE_NO_RULE)
		why_print_rule("rule", &s->bundle.rules[EXPLAIN_RULE(leaf)]);
	else if (!allowed)
		explain_call(&s->bundle, name, EXPLAIN_RULE(leaf), NULL, call->arena, line);
	return 0;
}

/* Nothing was asked: what could be. */
static void list_denials(const struct subject *s)
{
	const json_t *losses = json_object_get(s->record.last, "losses");
	bool maybe_traced = !losses; /* it goes on, or was cut short: nobody has said */
	const json_t *source;
	const json_t *event;
	size_t i;

	json_array_foreach(s->refusals, i, event)
	{
		printf("d%zu  ", i + 1);
		why_print_escaped(record_text(event, "text", "?"));
		printf("\n");
	}
	printf("%srun %s: ", i > 0 ? "\n" : "", s->id);
	if (i > 0)
		printf("immure why dN explains one of them\n");
	else
		printf("no refused call is recorded\n");
	json_array_foreach(losses, i, source)
	{
		maybe_traced |= strcmp(record_text(source, "source", ""), "bpf") == 0;
	}
	printf("Files that were refused are not %s: immure why --path PATH [--op OP]\n",
	       maybe_traced ? "among them, but events if the policy has record: [read, write] and "
			      "immure-tracerd is there (immure audit tail -k open)"
			    : "recorded without immure-tracerd");
}

static int explain(const struct verb_call *call, const struct subject *subject,
		   struct why_line *line, struct probe_wish *wish, struct err *err)
{
	const struct why_options *options = call->options;

	if (options->path)
		return why_path(subject, options->path, options->op ? options->op : "read",
				call->arena, line, wish, err);
	if (options->connect)
		return why_connect(subject, options->connect, call->arena, line, wish, err);
	if (options->call)
		return explain_syscall(subject, call, options->call, line, wish, err);
	return explain_denial(subject, call->argv[0], call->arena, line, wish, err);
}

static int why(const struct verb_call *call, struct err *err)
{
	const struct why_options *options = call->options;
	cleanup(subject_done) struct subject subject = { 0 };
	struct why_line line = { 0 };
	struct probe_wish wish = { 0 };
	int asked = (options->path != NULL) + (options->call != NULL) + (options->connect != NULL) +
		    (!options->call && call->argc == 1);
	bool lists = asked == 0 && call->argc == 0 && !options->bisect && !options->apply;
	int r;

	if (options->op && !options->path) {
		err_set(err, EINVAL, "--op %.20s goes with --path", options->op);
		return err_at(err, ERR_USAGE);
	}
	if (asked != 1 && !lists) {
		err_set(err, EINVAL,
			"expected one of dN, --path PATH, --connect HOST:PORT, --syscall NAME");
		return err_at(err, ERR_USAGE);
	}
	r = subject_open(options->run, call->arena, &subject, err);
	if (r == 0 && lists) {
		list_denials(&subject);
		return 0;
	}
	if (r == 0)
		r = explain(call, &subject, &line, &wish, err);
	if (r == 0 && options->bisect && !wish.wanted)
		printf("  %-9s no layer that could be left out has a part in it\n", "bisect");
	else if (r == 0 && options->bisect)
		r = why_bisect(&subject, &wish, call->arena, err);
	if (r < 0 || !options->apply)
		return r;
	return why_apply(&subject, &line,
			 arena_printf(call->arena, "refused in run %s", subject.id), call->arena,
			 err);
}

const struct verb verb_why = {
	.name = "why",
	.args = "[--run RUN] [--bisect] [--apply] [dN | --path PATH [--op OP] | --connect HOST:PORT | --syscall NAME [ARG...]]",
	.help = "say why something was refused, and which line would allow it",
	.more = "  immure why                            what was refused in the last run\n"
		"  immure why d1                         the first refused call of the last run\n"
		"  immure why --path /etc/shadow         could it be read, and if not, what stops it\n"
		"  immure why --connect 10.0.0.1:443     what stands between the program and a host\n"
		"  immure why --syscall socket AF_ALG    what the policy says to a call\n"
		"  immure why --apply d1                 add the line that would allow it\n",
	.opts = why_opts,
	.n_opts = ARRAY_LEN(why_opts),
	.options_size = sizeof(struct why_options),
	.max_args = 6,
	.mixed = true,
	.run = why,
};
