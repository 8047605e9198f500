/* SPDX-License-Identifier: Apache-2.0 */
/* audit show: the record itself. */
#include <stdio.h>

#include "audit/log_read.h"
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
