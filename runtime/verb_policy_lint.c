/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/judge.h"
#include "audit/report_parts.h"
#include "base/jsonw.h"
#include "policies/policy_lint.h"
#include "runtime/lint_runs.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

#define STATUS_FOUND 1
#define STATUS_NOT_TOLD 3 /* --unused: no run can tell */
#define RUNS_MAX 1000000

struct lint_options {
	const char *format, *fail_on, *network, *output, *runs;
	bool list, unused, json;
};

static const struct opt lint_opts[] = {
	{ "format", 0, OPT_TEXT, offsetof(struct lint_options, format), "FORMAT",
	  "text (the default), json or sarif", "text json sarif" },
	{ "fail-on", 0, OPT_TEXT, offsetof(struct lint_options, fail_on), "LEVEL",
	  "exit with 1 for findings from this level on: low, medium (the default), high or none",
	  "low medium high none" },
	{ "network", 0, OPT_TEXT, offsetof(struct lint_options, network), "none|private|host",
	  "also tell network rules that do not matter, or cannot be held, with run --network ...",
	  "none private host" },
	{ "output", 'o', OPT_TEXT, offsetof(struct lint_options, output), "FILE",
	  "write the findings there", "@files" },
	{ "unused", 0, OPT_FLAG, offsetof(struct lint_options, unused), NULL,
	  "find instead what the policy grants and no run on record has used", NULL },
	{ "runs", 0, OPT_TEXT, offsetof(struct lint_options, runs), "NUMBER",
	  "with --unused: how many runs of the policy to read, the newest first (100)", NULL },
	{ "json", 0, OPT_FLAG, offsetof(struct lint_options, json), NULL,
	  "with --unused: print every grant with its numbers as JSON", NULL },
	{ "list", 0, OPT_FLAG, offsetof(struct lint_options, list), NULL,
	  "list everything that is looked for", NULL },
};

static void text_of(const struct lint *lint, struct strbuf *out)
{
	for (size_t i = 0; i < lint->n; i++) {
		const struct lint_finding *f = &lint->items[i];
		const struct lint_entry *entry = &lint_catalogue[f->id];

		put_escaped(out, f->where.file);
		strbuf_addf(out, ":%u:%u: %s: %s%s", f->where.line, f->where.col,
			    f->waiver ? "waived" : lint_level_name(entry->level), entry->title,
			    f->text[0] ? ": " : "");
		put_escaped(out, f->text);
		strbuf_addf(out, " [%s]\n", entry->id);
		if (f->rule) {
			strbuf_puts(out, "    ");
			put_escaped(out, f->rule);
			strbuf_putc(out, '\n');
		}
		if (f->waiver) {
			strbuf_addf(out, "    until %s by ", f->waiver->until);
			put_escaped(out, f->waiver->by);
			strbuf_puts(out, ": ");
			put_escaped(out, f->waiver->why);
			strbuf_putc(out, '\n');
		}
	}
}

static void json_of(const struct lint *lint, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_array(&j);
	for (size_t i = 0; i < lint->n; i++) {
		const struct lint_finding *f = &lint->items[i];

		jsonw_object(&j);
		jsonw_ku64(&j, "column", f->where.col);
		jsonw_kstr(&j, "file", f->where.file);
		jsonw_kstr(&j, "help", lint_catalogue[f->id].help);
		jsonw_kstr(&j, "id", lint_catalogue[f->id].id);
		jsonw_kstr(&j, "level", lint_level_name(lint_catalogue[f->id].level));
		jsonw_ku64(&j, "line", f->where.line);
		jsonw_kstr(&j, "message", f->text);
		jsonw_kstr(&j, "rule", f->rule);
		jsonw_kstr(&j, "title", lint_catalogue[f->id].title);
		jsonw_kstr(&j, "waived_until", f->waiver ? f->waiver->until : NULL);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	strbuf_putc(out, '\n');
}

/* {"text": ...}, as SARIF writes every text. */
static void sarif_text(struct jsonw *j, const char *key, const char *text)
{
	jsonw_key(j, key);
	jsonw_object(j);
	jsonw_kstr(j, "text", text);
	jsonw_object_end(j);
}

static const char *sarif_level(enum lint_level level)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[level];
}

static void sarif_rules(struct jsonw *j)
{
	jsonw_key(j, "tool");
	jsonw_object(j);
	jsonw_key(j, "driver");
	jsonw_object(j);
	jsonw_kstr(j, "name", "immure policy lint");
	jsonw_key(j, "rules");
	jsonw_array(j);
	for (int i = 0; i < LINT_COUNT; i++) {
		const struct lint_entry *entry = &lint_catalogue[i];

		jsonw_object(j);
		jsonw_key(j, "defaultConfiguration");
		jsonw_object(j);
		jsonw_kstr(j, "level", sarif_level(entry->level));
		jsonw_object_end(j);
		sarif_text(j, "help", entry->help);
		jsonw_kstr(j, "id", entry->id);
		sarif_text(j, "shortDescription", entry->title);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_kstr(j, "version", IMMURE_VERSION);
	jsonw_object_end(j);
	jsonw_object_end(j);
}

static void sarif_place(struct jsonw *j, const struct where *where)
{
	cleanup_strbuf struct strbuf uri = { 0 };

	strbuf_uri(&uri, where->file);
	jsonw_key(j, "locations");
	jsonw_array(j);
	jsonw_object(j);
	jsonw_key(j, "physicalLocation");
	jsonw_object(j);
	jsonw_key(j, "artifactLocation");
	jsonw_object(j);
	jsonw_kstr(j, "uri", strbuf_str(&uri));
	jsonw_object_end(j);
	jsonw_key(j, "region");
	jsonw_object(j);
	jsonw_ku64(j, "startColumn", where->col);
	jsonw_ku64(j, "startLine", where->line);
	jsonw_object_end(j);
	jsonw_object_end(j);
	jsonw_object_end(j);
	jsonw_array_end(j);
}

static void sarif_result(struct jsonw *j, const struct lint_finding *f)
{
	const struct lint_entry *entry = &lint_catalogue[f->id];
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_addf(&text, "%s%s%s", entry->title, f->text[0] ? ": " : "", f->text);
	if (f->rule)
		strbuf_addf(&text, "; by \"%s\"", f->rule);
	jsonw_object(j);
	jsonw_kstr(j, "level", sarif_level(entry->level));
	sarif_place(j, &f->where);
	sarif_text(j, "message", strbuf_str(&text));
	jsonw_kstr(j, "ruleId", entry->id);
	jsonw_ku64(j, "ruleIndex", (uint64_t)f->id);
	if (f->waiver) {
		jsonw_key(j, "suppressions");
		jsonw_array(j);
		jsonw_object(j);
		jsonw_kstr(j, "justification", f->waiver->why);
		jsonw_kstr(j, "kind", "inSource");
		jsonw_kstr(j, "status", "accepted");
		jsonw_object_end(j);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}

/* SARIF 2.1.0, as code scanning takes it. */
static void sarif_of(const struct lint *lint, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_kstr(&j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	jsonw_key(&j, "runs");
	jsonw_array(&j);
	jsonw_object(&j);
	jsonw_kstr(&j, "columnKind", "utf16CodeUnits");
	jsonw_key(&j, "results");
	jsonw_array(&j);
	for (size_t i = 0; i < lint->n; i++)
		sarif_result(&j, &lint->items[i]);
	jsonw_array_end(&j);
	sarif_rules(&j);
	jsonw_object_end(&j);
	jsonw_array_end(&j);
	jsonw_kstr(&j, "version", "2.1.0");
	jsonw_object_end(&j);
	strbuf_putc(out, '\n');
}

static const struct format {
	const char *name;
	void (*write)(const struct lint *lint, struct strbuf *out);
} formats[] = {
	{ "text", text_of },
	{ "json", json_of },
	{ "sarif", sarif_of },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (!name || strcmp(name, formats[i].name) == 0)
			return &formats[i];
	}
	return NULL;
}

/* A level, LINT_HIGH + 1 for none, -1 for an unknown one. */
static bool is_network(const char *name)
{
	return !name || strcmp(name, "none") == 0 || strcmp(name, "private") == 0 ||
	       strcmp(name, "host") == 0;
}

static int find_level(const char *name)
{
	for (int i = LINT_LOW; name && i <= LINT_HIGH; i++) {
		if (strcmp(name, lint_level_name((enum lint_level)i)) == 0)
			return i;
	}
	if (!name)
		return LINT_MEDIUM;
	return strcmp(name, "none") == 0 ? LINT_HIGH + 1 : -1;
}

static void print_catalogue(void)
{
	for (int i = 0; i < LINT_COUNT; i++)
		printf("%-26s %-6s %s\n    %s\n", lint_catalogue[i].id,
		       lint_level_name(lint_catalogue[i].level), lint_catalogue[i].title,
		       lint_catalogue[i].help);
}

/* Of a standard that immure brings, with or without its version. */
static bool is_control(const char *id)
{
	const struct waiver waiver = { .control = id };
	cleanup_arena struct arena arena = { 0 };

	for (size_t i = 0; i < n_standard_names; i++) {
		struct standard standard = { 0 };
		struct err ignored = { 0 };

		if (standard_parse(standard_text(standard_names[i]), &arena, &standard, &ignored) <
		    0)
			continue;
		for (size_t k = 0; k < standard.n; k++) {
			struct control control = standard.controls[k];

			control.standard = &standard;
			if (waiver_names(&waiver, &control))
				return true;
		}
	}
	return false;
}

static int find_today(char ret[11], struct err *err)
{
	time_t now = time(NULL);
	struct tm day = { 0 };

	if (!gmtime_r(&now, &day) || strftime(ret, 11, "%Y-%m-%d", &day) == 0)
		return err_set(err, EOVERFLOW, "cannot tell the day");
	return 0;
}

static int judge(const struct verb_call *call, const char *name, struct lint *lint, struct err *err)
{
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	char today[11] = "";
	int r = policy_open_or_tell(name, call->arena, &policy, &bundle, err);

	if (r == 0)
		r = find_today(today, err);
	if (r != 0)
		return r;
	lint->is_control = is_control;
	return policy_lint(&policy, bundle.audit_arch, today, lint, err);
}

/* What is wrong with the options, or NULL. */
static const char *fault_of(const struct lint_options *options, int argc, uint64_t *ret_runs)
{
	*ret_runs = GRANT_RUNS_DEFAULT;
	if (!is_network(options->network))
		return "unknown network: expected none, private or host";
	if (!find_format(options->format))
		return "unknown format: expected text, json or sarif";
	if (find_level(options->fail_on) < 0)
		return "unknown level: expected low, medium, high or none";
	if (!options->unused && (options->runs || options->json))
		return "--runs and --json are for --unused";
	if (options->json && options->format)
		return "--json and --format are two answers to one question";
	if (options->runs &&
	    (span_u64(span_of(options->runs), RUNS_MAX, ret_runs) < 0 || *ret_runs == 0))
		return "--runs: expected a number from 1 to 1000000";
	if (options->unused && argc > 1)
		return "--unused is for one policy";
	return options->unused || argc > 0 ? NULL : "no policy: expected a file or a builtin";
}

static int status_of_findings(const struct lint *lint, int fail_on)
{
	for (size_t i = 0; i < lint->n; i++) {
		const struct lint_finding *f = &lint->items[i];

		if (!f->waiver && (int)lint_catalogue[f->id].level >= fail_on)
			return STATUS_FOUND;
	}
	return 0;
}

static int print(const struct verb_call *call, const struct strbuf *text, int status,
		 struct err *err)
{
	const struct lint_options *options = call->options;
	int r;

	if (text->failed)
		return err_set(err, ENOMEM, "out of memory");
	if (options->output) {
		r = policy_write_file(options->output, strbuf_str(text), text->len, call->arena,
				      err);
		return r < 0 ? r : status;
	}
	fputs(strbuf_str(text), stdout);
	return status;
}

/* What runs on record have used decides, not what the policy says. */
static int lint_unused(const struct verb_call *call, uint64_t max, struct err *err)
{
	const struct lint_options *options = call->options;
	const struct format *format = find_format(options->format);
	const struct grant_runs_limits limits = { .runs = max };
	const char *name = call->argc > 0 ? call->argv[0] : NULL;
	cleanup_grant_runs struct grant_runs runs = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct lint lint = { .arena = call->arena };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	char today[11] = "";
	int r = name ? 0 : lint_runs_last_policy(call->arena, &name, err);

	if (r == 0)
		r = policy_open_or_tell(name, call->arena, &policy, &bundle, err);
	if (r == 0)
		r = find_today(today, err);
	if (r == 0)
		r = grant_runs_read(&bundle, &limits, call->arena, &runs, err);
	if (r == 0)
		r = lint_runs_find(&runs, &policy, today, &lint, err);
	if (r != 0)
		return r;
	if (options->json)
		lint_runs_json(&runs, &out);
	else
		format->write(&lint, &out);
	if (!options->json && format->write == text_of)
		lint_runs_text(&runs, &out);
	if (runs.n_told == 0)
		lint_runs_explain(&runs);
	return print(call, &out,
		     runs.n_told == 0 ? STATUS_NOT_TOLD
				      : status_of_findings(&lint, find_level(options->fail_on)),
		     err);
}

static int run_lint(const struct verb_call *call, struct err *err)
{
	const struct lint_options *options = call->options;
	cleanup_strbuf struct strbuf out = { 0 };
	struct lint lint = { .arena = call->arena, .network = options->network };
	const char *fault;
	uint64_t runs;

	if (options->list) {
		print_catalogue();
		return 0;
	}
	fault = fault_of(options, call->argc, &runs);
	if (fault) {
		err_set(err, EINVAL, "%s", fault);
		return err_at(err, ERR_USAGE);
	}
	if (options->unused)
		return lint_unused(call, runs, err);
	for (int i = 0; i < call->argc; i++) {
		int r = judge(call, call->argv[i], &lint, err);

		if (r != 0)
			return r;
	}
	find_format(options->format)->write(&lint, &out);
	return print(call, &out, status_of_findings(&lint, find_level(options->fail_on)), err);
}

const struct verb verb_policy_lint = {
	.name = "lint",
	.args = "[OPTION...] POLICY... | --unused [POLICY] | --list",
	.help = "find what is allowed and yet a bad idea",
	.opts = lint_opts,
	.n_opts = ARRAY_LEN(lint_opts),
	.options_size = sizeof(struct lint_options),
	.min_args = 0,
	.max_args = -1,
	.mixed = true,
	.run = run_lint,
};
