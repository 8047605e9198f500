/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_REPORT_H
#define IMMURE_AUDIT_REPORT_H

/*
 * The report of a run: one JSON object with a versioned schema (docs/report.schema.json), from
 * which every format is rendered. The same inputs give the same bytes.
 */

#include "audit/activity.h"
#include "audit/grants.h"
#include "audit/judge.h"

#define REPORT_SCHEMA "immure-report/1"

/*
 * A report is about one run: the same record gives the same bytes, whatever other runs there are.
 * Only audit show, which answers a person, adds {"policy", "runs", "unused"} under this name, of
 * all runs of that policy, to the report that it prints as text; no report has it.
 */
#define REPORT_RUNS "policy_runs"

struct report_input {
	struct judge_input judge;
	const struct activity *activity;
	const struct grants *grants; /* judged; NULL: its policy cannot be read, or is another */
	const char *run;             /* id */
	const char *build;           /* of immure */
	const json_t
		*signature; /* signature.json of the run's folder after it was checked, or NULL */
	const json_t *policy_signature; /* {"key", "state"}, or NULL */
};

/*
 * Judge a run and build the report.
 *
 *   ret  the report; released by json_decref()
 */
must_check int report_make(const struct report_input *in, struct arena *arena, json_t **ret,
			   struct err *err);

/* What decides the exit status. */
struct gate {
	enum severity fail_on;
	const json_t *baseline; /* an earlier report: only what is new in ours counts; or NULL */
};

enum gate_result {
	GATE_PASS = 0,
	GATE_FINDINGS = 1,   /* something fails that is at least as severe as fail_on */
	GATE_NOT_PROVEN = 3, /* nothing fails, and something is not proven */
	GATE_BROKEN = 4      /* the record cannot be trusted */
};

/* The worst of: broken, findings, not proven. Never depends on a format. */
enum gate_result report_gate(const json_t *report, const struct gate *gate);

/* The finding of a report for a control ("cis-docker-1.6", "5.29"), or NULL. */
const json_t *report_finding(const json_t *report, const char *standard, const char *id);

/* Renderers: report_*.c. Each appends to *out; any JSON is survived, and out->failed tells of
 * memory. */
void report_text(const json_t *report, struct strbuf *out);
void report_sarif(const json_t *report, struct strbuf *out);
void report_junit(const json_t *report, struct strbuf *out);
void report_csv(const json_t *report, struct strbuf *out);
void report_markdown(const json_t *report, struct strbuf *out);
void report_ocsf(const json_t *report, struct strbuf *out);
void report_html(const json_t *report, struct strbuf *out);
void report_intoto(const json_t *report, struct strbuf *out);

#endif
