/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/run_read.h"
#include "audit/verdict.h"
#include "base/strbuf.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"
#include "runtime/status.h"
#include "runtime/verb.h"

#define STATUS_INTEGRITY 4

struct audit_options {
	bool json;
};

static const struct opt audit_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct audit_options, json), NULL, "print JSON", NULL },
};

static int open_run(const struct verb_call *call, struct run_record *record, const char **ret_id,
		    struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	cleanup_close int dir = -1;
	int r;

	if (runs < 0)
		return runs;
	r = run_find(runs, call->argc > 0 ? call->argv[0] : NULL, call->arena, ret_id, err);
	if (r < 0)
		return r;
	dir = openat(runs, *ret_id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open run %s", *ret_id);
	/* What is reported shall also be there after a power cut. */
	if (syncfs(dir) < 0)
		return err_sys(err, errno, "cannot sync the record of run %s", *ret_id);
	r = run_record_read(dir, record, err);
	return r < 0 ? err_wrap(err, "run %s", *ret_id) : 0;
}

static void print_escaped(const char *text)
{
	cleanup_strbuf struct strbuf out = { 0 };

	strbuf_escaped(&out, text, strlen(text));
	fputs(strbuf_str(&out), stdout);
}

static void print_head(const struct run_record *record, const char *id)
{
	const json_t *root = json_object_get(record->plan, "root");
	size_t i;
	const json_t *arg;

	printf("audit   run %s  root %s  policy %s\n", id,
	       record_text(root, "path", record_text(root, "kind", "?")),
	       record_text(record->plan, "policy", "?"));
	printf("        command");
	json_array_foreach(json_object_get(record->plan, "argv"), i, arg)
	{
		putchar(' ');
		print_escaped(json_string_value(arg) ? json_string_value(arg) : "?");
	}
	printf("\n        kernel %s  landlock %lld  collector notify (no privilege)  events %llu\n\n",
	       record_text(record->plan, "kernel", "?"),
	       (long long)record_number(record->plan, "landlock_abi", 0),
	       (unsigned long long)record->n_events);
}

/* A verdict that needs the record to be whole is not proven when it is not. */
static int print_checks(const struct check *checks, int n)
{
	static const char *const names[] = { "PASS", "FAIL", "NOTPRV", "N/A" };
	int counts[4] = { 0 };

	for (int i = 0; i < n; i++) {
		counts[checks[i].status]++;
		if (checks[i].status == CHECK_PASS)
			continue;
		printf("%-7s %-12s %-24s expected %s, observed %s  (%s)\n", names[checks[i].status],
		       checks[i].id, checks[i].title, checks[i].expected, checks[i].observed,
		       checks[i].source);
	}
	printf("PASS %3d (kernel-read)  FAIL %d  NOT PROVEN %d\n\n", counts[CHECK_PASS],
	       counts[CHECK_FAIL], counts[CHECK_NOT_PROVEN]);
	return counts[CHECK_FAIL];
}

static void print_denial(const json_t *event, int number)
{
	const json_t *rule = json_object_get(event, "rule");
	const json_t *lineage = json_object_get(event, "lineage");
	const json_t *who;
	size_t i;

	printf("  d%-3d ", number);
	print_escaped(record_text(event, "text", "?"));
	printf("\n       ");
	json_array_foreach(lineage, i, who)
	{
		printf("%s", i ? " <- " : "");
		print_escaped(record_text(who, "comm", "?"));
		printf("[%lld]", (long long)record_number(who, "pid", 0));
	}
	if (rule && !json_is_null(rule))
		printf("   %s:%lld", record_text(rule, "file", "?"),
		       (long long)record_number(rule, "line", 0));
	else
		printf("   no rule");
	if (record_number(event, "count", 1) > 1)
		printf("   %lld times so far", (long long)record_number(event, "count", 1));
	printf("   immure why d%d\n", number);
}

static void print_denials(const struct run_record *record)
{
	const json_t *event;
	int number = 0;
	size_t i;

	printf("denied %lld\n", (long long)record_number(record->status, "denied", -1));
	json_array_foreach(record->events, i, event)
	{
		if (strcmp(record_text(event, "kind", ""), "denied") == 0)
			print_denial(event, ++number);
	}
}

static void print_weak(const struct run_record *record)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(record->plan, "ledger"), i, entry)
	{
		const char *state = record_text(entry, "state", "");

		if (strcmp(state, "enforced") == 0 || strcmp(state, "n/a") == 0)
			continue;
		printf("%-7s %-12s %s%s\n", strcmp(state, "lost") == 0 ? "LOST" : "WEAK",
		       record_text(entry, "layer", "?"), record_text(entry, "text", "?"),
		       json_is_true(json_object_get(entry, "degraded")) ? " (--allow-degraded)"
									: "");
	}
}

static int print_chain(const struct run_record *record)
{
	char head[DIGEST_HEX_LEN];

	digest_hex(&record->head, head);
	if (record->chain.code) {
		printf("chain   BROKEN: %s\n", record->chain.msg);
		return STATUS_INTEGRITY;
	}
	if (!record->complete) {
		printf("chain   ok so far, but the run was cut short: it was never sealed\n");
		return STATUS_INTEGRITY;
	}
	printf("chain   ok  head %.8s..%s  not signed\n", head,
	       head + (size_t)(DIGEST_HEX_LEN - 1 - 4));
	printf("exit    %lld\n", (long long)record_number(record->status, "exit", -1));
	return 0;
}

static int print_json(const struct run_record *record, const struct check *checks, int n,
		      const char *id)
{
	static const char *const names[] = { "pass", "fail", "not-proven", "not-applicable" };
	json_t *all = json_array();
	json_t *out;

	for (int i = 0; all && i < n; i++)
		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "expected",
						checks[i].expected, "id", checks[i].id, "level",
						"E3", "observed", checks[i].observed, "source",
						checks[i].source, "status", names[checks[i].status],
						"title", checks[i].title));
	out = json_pack("{s:o, s:s, s:b, s:O, s:O, s:s, s:O?}", "checks", all, "chain",
			record->chain.code ? record->chain.msg : "ok", "complete", record->complete,
			"events", record->events, "plan", record->plan, "run", id, "status",
			record->status);
	if (!out)
		return STATUS_FAILED;
	json_dumpf(out, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	putchar('\n');
	json_decref(out);
	return record->chain.code || !record->complete ? STATUS_INTEGRITY : 0;
}

static int show(const struct verb_call *call, struct err *err)
{
	const struct audit_options *options = call->options;
	cleanup_run_record struct run_record record = { 0 };
	struct check *checks = NULL;
	const char *id = NULL;
	int r = open_run(call, &record, &id, err);
	int n;

	if (r < 0)
		return r;
	n = verdict_make(&record, call->arena, &checks, err);
	if (n < 0)
		return n;
	if (options->json)
		return print_json(&record, checks, n, id);
	print_head(&record, id);
	print_weak(&record);
	print_checks(checks, n);
	print_denials(&record);
	return print_chain(&record);
}

static int verify(const struct verb_call *call, struct err *err)
{
	cleanup_run_record struct run_record record = { 0 };
	const char *id = NULL;
	int r = open_run(call, &record, &id, err);

	if (r < 0)
		return r;
	printf("run %s: %llu records\n", id, (unsigned long long)record.n_events);
	return print_chain(&record);
}

static int list_one(int runs, const char *id, bool json, bool first)
{
	cleanup_close int dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_run_record struct run_record record = { 0 };
	struct err err = { 0 };
	const char *state;

	if (dir < 0 || run_record_read(dir, &record, &err) < 0)
		return 0; /* a run that is only just starting has no plan yet */
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
	print_escaped(record_text(record.plan, "hostname", ""));
	printf("\n");
	return 1;
}

static int list(const struct verb_call *call, struct err *err)
{
	const struct audit_options *options = call->options;
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

static const struct verb verb_show = {
	.name = "show",
	.args = "[--json] [RUN]",
	.help = "what a run did, what held it, and how that is known",
	.opts = audit_opts,
	.n_opts = ARRAY_LEN(audit_opts),
	.options_size = sizeof(struct audit_options),
	.max_args = 1,
	.run = show,
};

static const struct verb verb_list = {
	.name = "list",
	.args = "[--json]",
	.help = "the runs that are on record, oldest first",
	.opts = audit_opts,
	.n_opts = ARRAY_LEN(audit_opts),
	.options_size = sizeof(struct audit_options),
	.run = list,
};

static const struct verb verb_verify = {
	.name = "verify",
	.args = "[RUN]",
	.help = "check the event log of a run: exit 0, or 4 if it was changed or never sealed",
	.options_size = sizeof(struct audit_options),
	.max_args = 1,
	.run = verify,
};

static const struct verb *const subverbs[] = { &verb_list, &verb_show, &verb_verify, NULL };

const struct verb verb_audit = {
	.name = "audit",
	.args = "list|show|verify ...",
	.help = "look at the records of runs",
	.subverbs = subverbs,
};
