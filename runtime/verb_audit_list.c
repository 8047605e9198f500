/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "audit/run_read.h"
#include "base/strbuf.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"
#include "runtime/verb_audit.h"

struct list_options {
	bool json;
};

static const struct opt list_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct list_options, json), NULL, "print JSON", NULL },
};

static int list_one(int runs, const char *id, bool json, bool first)
{
	cleanup_close int dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_run_record struct run_record record = { 0 };
	struct err err = { 0 };
	cleanup_strbuf struct strbuf hostname = { 0 };
	const char *state;
	const char *name;

	if (dir < 0 || run_record_read(dir, &record, &err) < 0)
		return 0; /* a run that is only just starting has no plan yet */
	name = record_text(record.plan, "hostname", "");
	state = record.complete ? "done" : run_folder_is_live(runs, id) ? "running" : "cut short";
	if (json) {
		json_t *o = json_pack("{s:I, s:I, s:s, s:s, s:s}", "denied",
				      (json_int_t)record_number(record.status, "denied", 0), "exit",
				      (json_int_t)record_number(record.status, "exit", -1),
				      "policy", record_text(record.plan, "policy", "?"), "run", id,
				      "state", state);

		fputs(first ? "" : ",", stdout);
		json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_COMPACT);
		json_decref(o);
		return 1;
	}
	printf("%s  %-9s  exit %3lld  denied %4lld  %-20s ", id, state,
	       (long long)record_number(record.status, "exit", -1),
	       (long long)record_number(record.status, "denied", 0),
	       record_text(record.plan, "policy", "?"));
	strbuf_escaped(&hostname, name, strlen(name));
	printf("%s\n", strbuf_str(&hostname));
	return 1;
}

static int list(const struct verb_call *call, struct err *err)
{
	const struct list_options *options = call->options;
	cleanup_close int runs = dirs_open_state("runs", err);
	const char **ids = NULL;
	int shown = 0;
	int n;

	if (runs < 0)
		return runs;
	n = run_list(runs, call->arena, &ids, err);
	if (n < 0)
		return n;
	if (options->json)
		putchar('[');
	for (int i = 0; i < n; i++)
		shown += list_one(runs, ids[i], options->json, shown == 0);
	if (options->json)
		printf("]\n");
	return 0;
}

const struct verb verb_audit_list = {
	.name = "list",
	.args = "[--json]",
	.help = "the runs that are on record, oldest first",
	.opts = list_opts,
	.n_opts = ARRAY_LEN(list_opts),
	.options_size = sizeof(struct list_options),
	.run = list,
};
