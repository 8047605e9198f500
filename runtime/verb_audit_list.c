/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>

#include "runtime/dirs.h"
#include "runtime/run_row.h"
#include "runtime/verb_audit.h"

struct list_options {
	bool json;
};

static const struct opt list_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct list_options, json), NULL, "print JSON", NULL },
};

/* What nobody knows is null. */
static void print_json(const struct run_row *row, bool first)
{
	json_t *o = json_pack("{s:s, s:I, s:o, s:s, s:s, s:s, s:I, s:s}", "command", row->command,
			      "denied", (json_int_t)row->denied, "exit",
			      row->exit < 0 ? json_null() : json_integer((json_int_t)row->exit),
			      "name", row->name, "policy", row->policy, "run", row->id, "started",
			      (json_int_t)row->started, "state", row->state);

	fputs(first ? "" : ",", stdout);
	json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(o);
}

static void print_line(const struct run_row *row)
{
	char end[24] = "-";

	if (row->exit >= 0)
		snprintf(end, sizeof(end), "%lld", (long long)row->exit);
	printf("%s  %-9s  exit %3s  denied %4lld  %-20s %s\n", row->id, row->state, end,
	       (long long)row->denied, row->policy, row->name);
}

static int list(const struct verb_call *call, struct err *err)
{
	const struct list_options *options = call->options;
	cleanup_close int runs = dirs_open_state("runs", err);
	struct run_row *rows = NULL;
	int n = runs < 0 ? runs : run_rows_read(runs, RUN_ROWS_DAMAGED, call->arena, &rows, err);

	if (n < 0)
		return n;
	if (options->json)
		putchar('[');
	for (int i = 0; i < n; i++) {
		if (options->json)
			print_json(&rows[i], i == 0);
		else
			print_line(&rows[i]);
	}
	if (options->json)
		printf("]\n");
	return 0;
}

const struct verb verb_audit_list = {
	.name = "list",
	.args = "[--json]",
	.help = "the runs that are on record, newest first",
	.opts = list_opts,
	.n_opts = ARRAY_LEN(list_opts),
	.options_size = sizeof(struct list_options),
	.run = list,
};
