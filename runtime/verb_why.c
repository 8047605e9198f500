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
	bool apply, bisect, json;
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
	{ "json", 0, OPT_FLAG, offsetof(struct why_options, json), NULL, "the answer as JSON",
	  NULL },
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

static void explain_call(const struct bundle *bundle, const char *call, uint16_t rule,
			 const json_t *args, struct arena *arena, struct why_answer *ret)
{
	const struct rule *near = nearest(bundle, call);
	cleanup_strbuf struct strbuf line = { 0 };

	ret->layer = "seccomp";
	ret->risk = risk_of_call(call);
	if (rule != BUNDLE_NO_RULE) {
		ret->rule = &bundle->rules[rule];
	} else {
		ret->nearest = near;
		ret->reason = near ? "no rule allows it with these arguments"
				   : "no rule allows it; what is not named is refused";
	}
	if (ret->rule && strncmp(ret->rule->text, "deny ", 5) == 0) {
		ret->remedy = "deny wins: take the line away, or narrow it by a condition";
		return;
	}
	suggest_call(call, args, &line);
	ret->section = "syscalls";
	ret->line = arena_strdup(arena, strbuf_str(&line));
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
			struct why_answer *ret, struct probe_wish *wish, struct err *err)
{
	struct span text = span_of(record_text(event, "text", ""));
	struct span word = span_word(&text);
	const char *op = span_eq(word, "make") ? "write" : arena_strndup(arena, word.p, word.n);
	int r;

	if (!op)
		return err_set(err, ENOMEM, "out of memory");
	r = why_path(s, record_text(event, "path", "/"), op, arena, ret, wish, err);
	strbuf_puts(&ret->asked, ": it went on (mode: audit)");
	return r;
}

static int explain_denial(const struct subject *s, const char *which, struct arena *arena,
			  struct why_answer *ret, struct probe_wish *wish, struct err *err)
{
	const json_t *event = find_denial(s->refusals, which);
	const json_t *args = json_object_get(event, "args");
	struct seccomp_data data = { .nr = (int)record_number(event, "nr", -1),
				     .arch = s->bundle.audit_arch };
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
		return explain_file(s, event, arena, ret, wish, err);
	if (strcmp(record_text(event, "layer", ""), "netns") == 0) {
		strbuf_addf(&ret->asked, "%s  ", which);
		return why_packet(s, event, arena, ret, err);
	}
	for (i = 0; i < 6; i++)
		data.args[i] = (uint64_t)json_integer_value(json_array_get(args, i));
	*wish = (struct probe_wish){ .wanted = true, .data = data };
	leaf = bpf_eval(s->bundle.explain, s->bundle.n_explain, &data);
	strbuf_addf(&ret->asked, "%s  %s = %s  pid %lld", which, record_text(event, "text", "?"),
		    errno_name((int)record_number(event, "errno", 0)),
		    (long long)record_number(event, "pid", 0));
	ret->lineage = json_object_get(event, "lineage");
	explain_call(&s->bundle, record_text(event, "call", "?"), EXPLAIN_RULE(leaf), args, arena,
		     ret);
	ret->note = "names and paths are what the program's memory held";
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
			   struct why_answer *ret, struct probe_wish *wish, struct err *err)
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
	ret->is_open = action == VERDICT_ALLOW || action == VERDICT_LOOK;
	strbuf_addf(&ret->asked, "%s: %s", name,
		    action < ARRAY_LEN(verdicts) ? verdicts[action] : "?");
	if (!ret->is_open)
		strbuf_addf(&ret->asked, " with %s", errno_name(EXPLAIN_ERRNO(leaf)));
	if (call->argc == 0 && syscall_args_find(name, info) > 0)
		strbuf_puts(&ret->asked, " (all arguments taken as 0)");
	if (!ret->is_open)
		explain_call(&s->bundle, name, EXPLAIN_RULE(leaf), NULL, call->arena, ret);
	else if (EXPLAIN_RULE(leaf) != BUNDLE_NO_RULE)
		ret->rule = &s->bundle.rules[EXPLAIN_RULE(leaf)];
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

static void put_denials(const struct subject *s, struct jsonw *j)
{
	const json_t *event;
	size_t i;

	jsonw_key(j, "denials");
	jsonw_array(j);
	json_array_foreach(s->refusals, i, event)
	{
		cleanup_free char *record = json_dumps(event, JSON_SORT_KEYS | JSON_COMPACT);
		char number[24];

		snprintf(number, sizeof(number), "d%zu", i + 1);
		jsonw_object(j);
		jsonw_key(j, "event");
		jsonw_raw(j, record ? record : "null");
		j->out->failed = j->out->failed || !record;
		jsonw_kstr(j, "id", number);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* answer NULL: the list. */
static int print(const struct subject *s, const struct why_answer *answer, bool json,
		 struct err *err)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	if (!json && answer)
		why_print_text(answer);
	else if (!json)
		list_denials(s);
	if (!json)
		return 0;
	jsonw_object(&j);
	if (answer)
		why_put_json(answer, &j);
	else
		put_denials(s, &j);
	jsonw_kstr(&j, "run", s->id);
	jsonw_object_end(&j);
	if (out.failed)
		return err_set(err, ENOMEM, "out of memory");
	puts(strbuf_str(&out));
	return 0;
}

static int explain(const struct verb_call *call, const struct subject *subject,
		   struct why_answer *ret, struct probe_wish *wish, struct err *err)
{
	const struct why_options *options = call->options;

	if (options->path)
		return why_path(subject, options->path, options->op ? options->op : "read",
				call->arena, ret, wish, err);
	if (options->connect)
		return why_connect(subject, options->connect, call->arena, ret, wish, err);
	if (options->call)
		return explain_syscall(subject, call, options->call, ret, wish, err);
	return explain_denial(subject, call->argv[0], call->arena, ret, wish, err);
}

/* What could be explained is told, whatever becomes of the rest. */
static int answer(const struct verb_call *call, const struct subject *subject, struct err *err)
{
	const struct why_options *options = call->options;
	cleanup(why_answer_done) struct why_answer answer = { 0 };
	struct probe_wish wish = { 0 };
	struct err failed = { 0 };
	int r = explain(call, subject, &answer, &wish, err);

	if (r < 0)
		return r;
	if (options->bisect)
		r = why_bisect(subject, &wish, call->arena, &answer, &failed);
	if (r == 0 && options->apply)
		r = why_apply(subject, &answer,
			      arena_printf(call->arena, "refused in run %s", subject->id),
			      call->arena, &failed);
	if (print(subject, &answer, options->json, err) < 0)
		return -err->code;
	if (r < 0)
		*err = failed;
	return r;
}

static int why(const struct verb_call *call, struct err *err)
{
	const struct why_options *options = call->options;
	cleanup(subject_done) struct subject subject = { 0 };
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
	if (r < 0)
		return r;
	return lists ? print(&subject, NULL, options->json, err) : answer(call, &subject, err);
}

const struct verb verb_why = {
	.name = "why",
	.args = "[--run RUN] [--bisect] [--apply] [--json] [dN | --path PATH [--op OP] | --connect HOST:PORT | --syscall NAME [ARG...]]",
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
