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

static void print_json(const struct run_row *row, bool first)
{
	json_t *o = json_pack("{s:I, s:I, s:s, s:s, s:s}", "denied", (json_int_t)row->denied,
			      "exit", (json_int_t)row->exit, "policy", row->policy, "run", row->id,
			      "state", row->state);

	fputs(first ? "" : ",", stdout);
	json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(o);
}

static int list(const struct verb_call *call, struct err *err)
{
	const struct list_options *options = call->options;
	cleanup_close int runs = dirs_open_state("runs", err);
	struct run_row *rows = NULL;
	int n = runs < 0 ? runs : run_rows_read(runs, RUN_ROWS_ALL, call->arena, &rows, err);

	if (n < 0)
		return n;
	if (options->json)
		putchar('[');
	for (int i = 0; i < n; i++) {
		const struct run_row *row = &rows[i];

		if (options->json)
			print_json(row, i == 0);
		else
			printf("%s  %-9s  exit %3lld  denied %4lld  %-20s %s\n", row->id,
			       row->state, (long long)row->exit, (long long)row->denied,
			       row->policy, row->name);
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
