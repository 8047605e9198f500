/* SPDX-License-Identifier: Apache-2.0 */
/* audit show: the record itself. */
#include <stdio.h>

#include "audit/report.h"
#include "runtime/audit_judge.h"
#include "runtime/audit_output.h"
#include "runtime/audit_run.h"
#include "runtime/status.h"
#include "runtime/verb_audit.h"

struct show_options {
	bool json;
};

static const struct opt show_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct show_options, json), NULL,
	  "print the report with plan, evidence, events and status as JSON", NULL },
};

/* The report, and all that it was made from. */
static int print_json(const struct audit_run *run, const json_t *report)
{
	const struct run_record *record = &run->record;
	json_t *out = json_pack("{s:O?, s:O, s:O, s:O, s:s, s:O?}", "evidence", record->evidence,
				"events", record->events, "plan", record->plan, "report", report,
				"run", run->id, "status", record->status);

	if (!out)
		return STATUS_FAILED;
	json_dumpf(out, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	putchar('\n');
	json_decref(out);
	return 0;
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
	if (r < 0)
		return r;
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
