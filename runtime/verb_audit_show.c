/* SPDX-License-Identifier: Apache-2.0 */
/* audit show: the record itself. */
#include <stdio.h>

#include "audit/log_read.h"
#include "audit/report.h"
#include "runtime/audit_judge.h"
#include "runtime/audit_output.h"
#include "runtime/audit_run.h"
#include "runtime/grant_runs.h"
#include "runtime/status.h"
#include "runtime/verb_audit.h"

#define BYTES_OF_RUNS ((uint64_t)32 << 20) /* of other runs' events: it answers at once */

struct show_options {
	bool json;
};

static const struct opt show_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct show_options, json), NULL,
	  "print the report with plan, evidence, events and status as JSON", NULL },
};

static void print_member(const char *before, const json_t *value)
{
	fputs(before, stdout);
	if (value)
		json_dumpf(value, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	else
		fputs("null", stdout);
}

/* A record that was read and holds is JSON; what was added since is not shown. */
static int print_line(void *data, struct span line, uint64_t number, struct err *err)
{
	const struct run_record *record = data;

	if (number >= record->n_events)
		return 0;
	if (number > 0)
		putchar(',');
	if (fwrite(line.p, 1, line.n, stdout) != line.n)
		return err_sys(err, errno, "cannot write");
	return 0;
}

/* The report, and all that it was made from. The events go through, they are not held. */
static int print_json(struct audit_run *run, const json_t *report)
{
	struct log_reader reader = { .fn = print_line, .data = &run->record };
	struct err ignored = { 0 }; /* what does not hold is in the report */
	int r;

	print_member("{\"evidence\":", run->record.evidence);
	fputs(",\"events\":[", stdout);
	r = log_read(&reader, run->dir, &ignored);
	print_member("],\"plan\":", run->record.plan);
	print_member(",\"report\":", report);
	printf(",\"run\":\"%s\"", run->id);
	print_member(",\"status\":", run->record.status);
	puts("}");
	return r == 0 || r == -EBADMSG ? 0 : STATUS_FAILED;
}

/* Can it tell of any grant of the user's own? */
static bool tells(const struct grants *grants)
{
	for (size_t i = 0; i < grants->n; i++) {
		if (grants->items[i].use != GRANT_UNKNOWN &&
		    grant_is_own(grants, &grants->items[i]))
			return true;
	}
	return false;
}

/* What all runs of the policy together did not use, if another one than this can tell. */
static int add_runs(const struct audit_run *run, json_t *report, struct arena *arena,
		    struct err *err)
{
	const struct grant_runs_limits limits = { GRANT_RUNS_DEFAULT, BYTES_OF_RUNS };
	const struct policy_source *source = run->bundle.sources;
	cleanup_grant_runs struct grant_runs runs = { 0 };
	int r;

	if (!run->has_grants || run->bundle.n_sources == 0)
		return 0;
	r = grant_runs_read(&run->bundle, &limits, arena, &runs, err);
	if (r < 0 || runs.n_told <= tells(&run->grants))
		return r;
	r = json_object_set_new(report, REPORT_RUNS,
				json_pack("{s:s, s:I, s:I}", "policy",
					  source->path ? source->path : source->name, "runs",
					  (json_int_t)runs.n_told, "unused",
					  (json_int_t)grant_runs_count(&runs, GRANT_UNUSED)));
	return r < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int integrity_of(const struct run_record *record)
{
	return record->chain.code || !record->complete ? STATUS_INTEGRITY : 0;
}

static int show(const struct verb_call *call, struct err *err)
{
	const struct show_options *options = call->options;
	const struct audit_judge_options judge = { 0 };
	cleanup_audit_run struct audit_run run = { .dir = -1 };
	const struct opt_list none = { 0 };
	json_t *report = NULL;
	int r = audit_run_open(call->argc > 0 ? call->argv[0] : NULL, call->arena, &run, err);

	if (r == 0)
		r = audit_judge(&run, &judge, call->arena, &report, err);
	if (r == 0 && !options->json)
		r = add_runs(&run, report, call->arena, err);
	if (r < 0) {
		json_decref(report);
		return r;
	}
	r = options->json ? print_json(&run, report)
			  : audit_output(report, &none, NULL, call->arena, err);
	json_decref(report);
	return r != 0 ? r : integrity_of(&run.record);
}

const struct verb verb_audit_show = {
	.name = "show",
	.args = "[--json] [RUN]",
	.help = "what a run did, what held it, and how that is known",
	.opts = show_opts,
	.n_opts = ARRAY_LEN(show_opts),
	.options_size = sizeof(struct show_options),
	.max_args = 1,
	.run = show,
};
