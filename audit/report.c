/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report.h"

#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "audit/report_parts.h"

static const char *arch_name(const struct bundle *bundle)
{
	if (!bundle)
		return "unknown";
	return bundle->audit_arch == AUDIT_ARCH_X86_64    ? "x86_64"
	       : bundle->audit_arch == AUDIT_ARCH_AARCH64 ? "aarch64"
							  : "other";
}

/* A text of an object, or null. */
static json_t *copy_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? json_string(text) : json_null();
}

static json_t *copy(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return value ? json_deep_copy(value) : json_null();
}

static json_t *make_collector(const struct completeness *c)
{
	if (!c->has_bpf)
		return json_pack("{s:s, s:s}", "name", "notify", "privilege", "none");
	return json_pack("{s:s*, s:s, s:s}", "mode", c->mode, "name", "bpf", "privilege",
			 "CAP_BPF, CAP_PERFMON");
}

static json_t *make_identity(const struct report_input *in, const struct completeness *c)
{
	const struct run_record *record = in->judge.record;
	const char *own = record_text(record->evidence, "own_cgroup", "");

	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:{s:s, s:s, s:s}, s:s}", "arch",
			 arch_name(in->judge.bundle), "cgroup",
			 strstr(own, "0::") ? (own[0] == '0' ? "v2" : "v1 and v2") : "unknown",
			 "collector", make_collector(c), "kernel",
			 copy_text(record->plan, "kernel"), "landlock_abi",
			 (json_int_t)record_number(record->plan, "landlock_abi", 0), "lsm",
			 copy_text(record->evidence, "lsm"), "tool", "build", in->build, "name",
			 "immure", "version", IMMURE_VERSION, "schema", REPORT_SCHEMA);
}

/*
 * Of a program that had ended before it was looked at its name's file is known. If the kernel's
 * collector saw the sandbox's first program begin in that very file, the kernel says so, too.
 */
static json_t *make_exe(const struct report_input *in)
{
	const json_t *exe = json_object_get(in->judge.record->evidence, "exe");
	const json_t *first = in->judge.seen ? in->judge.seen->of[SIGHT_EXEC].first : NULL;
	json_t *made = exe ? json_deep_copy(exe) : json_null();

	if (strcmp(record_text(exe, "level", ""), "E2") == 0 && first &&
	    strcmp(record_text(first, "path_from", ""), "kernel") == 0 &&
	    record_number(first, "ino", -1) == record_number(exe, "ino", 0) &&
	    record_number(first, "dev", -1) == record_number(exe, "dev", 0))
		json_object_set_new(made, "level", json_string("E3"));
	return made;
}

static json_t *make_subject(const struct report_input *in)
{
	const struct run_record *record = in->judge.record;
	const json_t *first = record->first;
	const json_t *last = record->last;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "argv",
			 copy(record->plan, "argv"), "end", copy_text(last, "time"), "exe",
			 make_exe(in), "exit", copy(record->status, "exit"), "hostname",
			 copy_text(record->plan, "hostname"), "ids", copy(record->plan, "ids"),
			 "image", copy(record->plan, "image"), "network",
			 copy_text(record->plan, "network"), "root", copy(record->plan, "root"),
			 "run", in->run, "start", copy_text(first, "time"), "user",
			 copy_text(record->plan, "user"));
}

static json_t *make_policy(const struct report_input *in, struct arena *arena)
{
	const struct bundle *bundle = in->judge.bundle;
	const json_t *plan = in->judge.record->plan;
	json_t *sources = json_array();

	for (size_t i = 0; sources && bundle && i < bundle->n_sources; i++) {
		char hex[DIGEST_HEX_LEN];

		digest_hex(&bundle->sources[i].digest, hex);
		json_array_append_new(sources, json_pack("{s:s, s:s}", "name",
							 bundle->sources[i].name, "sha256", hex));
	}
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:O?, s:o}", "digest",
			 copy_text(plan, "policy_digest"), "grants", report_grants(in->grants),
			 "layers", copy(plan, "ledger"), "mode",
			 record_text(plan, "mode", "enforce"), "name", copy_text(plan, "policy"),
			 "rules", report_rules(bundle, in->grants, arena), "signature",
			 in->policy_signature, "sources", sources);
}

static json_t *make_completeness(const struct report_input *in, const struct completeness *c)
{
	const struct run_record *record = in->judge.record;
	const json_t *last = record->last;
	char head[DIGEST_HEX_LEN];

	digest_hex(&record->head, head);
	return json_pack("{s:s, s:b, s:I, s:s, s:s?, s:I, s:b, s:o}", "chain",
			 record->chain.code ? record->chain.msg : "ok", "complete", c->whole,
			 "dropped", (json_int_t)c->dropped, "head", head, "reason", c->not_whole,
			 "records", (json_int_t)record->n_events, "sealed", record->complete,
			 "sources", copy(last, "losses"));
}

static json_t *make_place(const struct finding *f)
{
	if (!f->file)
		return json_null();
	return json_pack("{s:s, s:I, s:s?}", "file", f->file, "line", (json_int_t)f->line, "rule",
			 f->rule);
}

static const char *const waiver_states[] = { "unused", "applied", "expired" };

/* All that were given, also those that named no control of these standards, or one that holds. */
static json_t *make_waivers(const struct judge_input *in)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < in->n_waivers; i++) {
		const struct waiver *w = &in->waivers[i];

		if (json_array_append_new(
			    list, json_pack("{s:s, s:s, s:s?, s:I, s:s, s:s, s:s}", "by", w->by,
					    "control", w->control, "file", w->file, "line",
					    (json_int_t)w->line, "state", waiver_states[w->state],
					    "until", w->until, "why", w->why)) < 0)
			return list;
	}
	return list;
}

static json_t *make_waiver(const struct finding *f)
{
	const struct waiver *w = f->waiver;

	if (!w)
		return json_null();
	return json_pack("{s:s, s:s?, s:I, s:s, s:s, s:s}", "by", w->by, "file", w->file, "line",
			 (json_int_t)w->line, "state", waiver_states[w->state], "until", w->until,
			 "why", w->why);
}

static json_t *make_findings(const struct finding *findings, int n)
{
	json_t *list = json_array();

	for (int i = 0; list && i < n; i++) {
		const struct finding *f = &findings[i];
		const struct control *c = f->control;

		json_array_append_new(
			list,
			json_pack(
				"{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:o}",
				"check", c->check, "expected", f->expected, "id", c->id, "level",
				evidence_level_name(f->level), "observed", f->observed, "place",
				make_place(f), "prefix", c->standard->prefix, "remedy", c->remedy,
				"severity", severity_name(c->severity), "source", f->source,
				"standard", c->standard->name, "title", c->title, "waiver",
				make_waiver(f)));
		json_object_set_new(json_array_get(list, (size_t)i), "status",
				    json_string(finding_status_name(f->status)));
		if (f->status == FINDING_WAIVED)
			json_object_set_new(json_array_get(list, (size_t)i), "before_waiver",
					    json_string(finding_status_name(f->before_waiver)));
	}
	return list;
}

static json_t *make_summary(const struct finding *findings, int n)
{
	json_t *summary = json_object();

	for (int s = 0; s < FINDING_STATUS_COUNT; s++) {
		json_int_t count = 0;

		for (int i = 0; i < n; i++)
			count += (int)findings[i].status == s;
		json_object_set_new(summary, finding_status_name((enum finding_status)s),
				    json_integer(count));
	}
	return summary;
}

static json_t *make_standards(const struct judge_input *in)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < in->n_standards; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "name", in->standards[i].name, "prefix",
					in->standards[i].prefix, "title", in->standards[i].title));
	return list;
}

static const char limits_text[] =
	"The chain shows every change, removal and cut that was made without making a new chain. Who "
	"controls both the log and the key can make a new one: print or ship the head to anchor it. "
	"Arguments of refused calls are what the program's memory held, and are no evidence.";

/* The id is the digest of all else: the same inputs give the same id. */
static int add_id(json_t *report, struct err *err)
{
	char *text = json_dumps(report, JSON_SORT_KEYS | JSON_COMPACT);
	char hex[DIGEST_HEX_LEN];
	struct digest digest;

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	digest = digest_of(text, strlen(text));
	free(text);
	digest_hex(&digest, hex);
	if (json_object_set_new(report, "report_id", json_stringn(hex, 32)) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

int report_make(const struct report_input *in, struct arena *arena, json_t **ret, struct err *err)
{
	struct completeness c = judge_completeness(in->judge.record, arena);
	struct finding *findings = NULL;
	int n = judge_run(&in->judge, arena, &findings, err);
	json_t *activity;
	json_t *report;
	int r;

	if (n < 0)
		return n;
	activity = activity_json(in->activity, in->judge.record);
	report =
		json_pack("{s:o, s:o, s:o, s:o, s:{s:s, s:O?}, s:o, s:s, s:o, s:o, s:o, s:o}",
			  "activity", activity, "completeness", make_completeness(in, &c),
			  "findings", make_findings(findings, n), "identity", make_identity(in, &c),
			  "integrity", "limits", limits_text, "signature", in->signature, "policy",
			  make_policy(in, arena), "schema", REPORT_SCHEMA, "standards",
			  make_standards(&in->judge), "subject", make_subject(in), "summary",
			  make_summary(findings, n), "waivers", make_waivers(&in->judge));
	if (!report)
		return err_set(err, ENOMEM, "cannot build the report: out of memory");
	r = add_id(report, err);
	if (r < 0) {
		json_decref(report);
		return r;
	}
	*ret = report;
	return 0;
}

const json_t *report_finding(const json_t *report, const char *standard, const char *id)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, finding)
	{
		if (strcmp(record_text(finding, "standard", ""), standard) == 0 &&
		    strcmp(record_text(finding, "id", ""), id) == 0)
			return finding;
	}
	return NULL;
}

/* Was it as bad in the baseline? A finding that was not proven and now fails is new. */
static bool is_old(const json_t *finding, const json_t *baseline)
{
	const json_t *before = report_finding(baseline, record_text(finding, "standard", ""),
					      record_text(finding, "id", ""));
	const char *status = record_text(before, "status", "");

	return strcmp(status, "fail") == 0 ||
	       (*status && strcmp(status, record_text(finding, "status", "")) == 0);
}

enum gate_result report_gate(const json_t *report, const struct gate *gate)
{
	const json_t *completeness = json_object_get(report, "completeness");
	bool fails = false;
	bool open = false;
	const json_t *f;
	size_t i;

	if (strcmp(record_text(completeness, "chain", ""), "ok") != 0 ||
	    !json_is_true(json_object_get(completeness, "sealed")))
		return GATE_BROKEN;
	json_array_foreach(json_object_get(report, "findings"), i, f)
	{
		const char *status = record_text(f, "status", "");

		if (severity_find(record_text(f, "severity", "")) < (int)gate->fail_on ||
		    (gate->baseline && is_old(f, gate->baseline)))
			continue;
		fails |= strcmp(status, "fail") == 0;
		open |= strcmp(status, "not-proven") == 0;
	}
	return fails ? GATE_FINDINGS : open ? GATE_NOT_PROVEN : GATE_PASS;
}
