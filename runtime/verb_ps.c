/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/dirs.h"
#include "runtime/format.h"
#include "runtime/run_row.h"
#include "runtime/verb.h"

struct ps_options {
	bool all, json, quiet;
	const char *format;
	struct opt_list filters;
};

#define ROW(field) offsetof(struct ps_options, field)

static const struct opt ps_opts[] = {
	/* clang-format off */
	{ "all", 'a', OPT_FLAG, ROW(all), NULL, "those that have ended, too", NULL },
	{ "filter", 'f', OPT_LIST, ROW(filters), "KIND=VALUE", "only those: name=NAME, label=KEY[=VALUE], status=STATE, health=HEALTH", NULL },
	{ "format", 0, OPT_TEXT, ROW(format), "TEMPLATE", "json, or text with fields such as {{.ID}} {{.Name}}", "json" },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print JSON", NULL },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "print ids only", NULL },
	/* clang-format on */
};

static void put_when(const struct run_row *row, char ret[32])
{
	const time_t started = (time_t)row->started;
	struct tm tm = { 0 };

	localtime_r(&started, &tm);
	if (strftime(ret, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		ret[0] = '\0';
}

static void print_json(const struct run_row *row, bool first)
{
	json_t *labels = json_array();
	json_t *o;

	for (size_t i = 0; row->labels[i]; i++)
		json_array_append_new(labels, json_string(row->labels[i]));
	o = json_pack("{s:s, s:I, s:b, s:I, s:s, s:b, s:o, s:s, s:s, s:s, s:s, s:I, s:I, s:s}",
		      "command", row->command, "denied", (json_int_t)row->denied, "detached",
		      row->detached, "exit", (json_int_t)row->exit, "health", row->health, "kept",
		      row->kept, "labels", labels, "name", row->name, "policy", row->policy,
		      "ports", row->ports, "run", row->id, "started", (json_int_t)row->started,
		      "starts", (json_int_t)row->starts, "state", row->state);
	fputs(first ? "" : ",", stdout);
	json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(o);
}

static void print_line(const struct run_row *row)
{
	char when[32] = "";
	char status[24] = "  -";
	char state[40];

	snprintf(state, sizeof(state), "%s%s%s", row->state,
		 strcmp(row->health, "none") == 0 ? "" : ", ",
		 strcmp(row->health, "none") == 0 ? "" : row->health);
	put_when(row, when);
	if (row->exit >= 0)
		snprintf(status, sizeof(status), "%3lld", (long long)row->exit);
	printf("%s  %-16s %-9s %s  %s  %s\n", row->id, row->name, state, status, when,
	       row->command);
}

/* row NULL: check the template alone. */
static int print_format(const struct run_row *row, const char *template, struct err *err)
{
	cleanup_strbuf struct strbuf line = { 0 };
	static const struct run_row none = { 0 };
	const struct run_row *r = row ? row : &none;
	char when[32] = "";
	char status[24] = "";
	char denied[24] = "";
	const struct format_field fields[] = {
		{ "ID", r->id },           { "Name", r->name },
		{ "State", r->state },     { "Health", r->health },
		{ "Exit", status },        { "Started", when },
		{ "Command", r->command }, { "Policy", r->policy },
		{ "Denied", denied },      { "Labels", r->labels_text },
		{ "Ports", r->ports },
	};
	int result;

	put_when(r, when);
	snprintf(denied, sizeof(denied), "%lld", (long long)r->denied);
	if (r->exit >= 0)
		snprintf(status, sizeof(status), "%lld", (long long)r->exit);
	result = format_put(template, fields, ARRAY_LEN(fields), &line, err);
	if (result == 0 && row)
		fputs(strbuf_str(&line), stdout);
	return result;
}

static int print_rows(const struct run_row *rows, int n, const struct ps_options *o,
		      struct err *err)
{
	bool json = o->json || (o->format && strcmp(o->format, "json") == 0);
	bool first = true;
	int r = 0;

	assert(rows || n <= 0);
	if (json)
		putchar('[');
	else if (o->format)
		r = print_format(NULL, o->format, err);
	else if (!o->quiet)
		printf("%-13s  %-16s %-9s exit started              command\n", "run", "name",
		       "state");
	for (int i = 0; r == 0 && i < n; i++) {
		if (!run_row_fits(&rows[i], o->filters.items, o->filters.n))
			continue;
		if (json)
			print_json(&rows[i], first);
		else if (o->format)
			r = print_format(&rows[i], o->format, err);
		else if (o->quiet)
			printf("%s\n", rows[i].id);
		else
			print_line(&rows[i]);
		first = false;
	}
	if (json)
		printf("]\n");
	return r;
}

static int ps(const struct verb_call *call, struct err *err)
{
	const struct ps_options *options = call->options;
	cleanup_close int runs = dirs_open_state("runs", err);
	struct run_row *rows = NULL;
	int n = runs < 0 ? runs
			 : run_filters_check(options->filters.items, options->filters.n, err);

	if (n == 0)
		n = run_rows_read(runs, options->all ? RUN_ROWS_KEPT : RUN_ROWS_LIVE, call->arena,
				  &rows, err);
	return n < 0 ? n : print_rows(rows, n, options, err);
}

const struct verb verb_ps = {
	.name = "ps",
	.args = "[OPTION...]",
	.help = "the runs that go on, newest first",
	.opts = ps_opts,
	.n_opts = ARRAY_LEN(ps_opts),
	.options_size = sizeof(struct ps_options),
	.run = ps,
};
