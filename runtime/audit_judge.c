/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_judge.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/report.h"
#include "audit/report_parts.h"
#include "audit/waiver.h"
#include "base/fd.h"
#include "base/log.h"
#include "build_id.h"
#include "policies/policy_read.h"
#include "runtime/audit_policy.h"
#include "runtime/audit_sign.h"
#include "runtime/dirs.h"

#define STANDARDS_MAX 16
#define INPUT_MAX ((size_t)64 << 20)

struct standards {
	size_t n;
	struct standard list[STANDARDS_MAX];
};

static int usage(struct err *err)
{
	return err_at(err, ERR_USAGE);
}

/* A file that the user named: links are followed, and a pipe will do. */
static int read_named(const char *option, const char *file, size_t max, struct strbuf *ret,
		      struct err *err)
{
	cleanup_close int fd = open(file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_all(fd, max, ret);

	if (r == 0)
		return 0;
	err_sys(err, -r, "%scannot read %s", option, file);
	return usage(err);
}

static int add_standard(struct standards *s, const char *name, struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf file = { 0 };
	struct span text = standard_text(name);
	int r;

	if (s->n == STANDARDS_MAX) {
		err_set(err, EINVAL, "--standard: at most %d", STANDARDS_MAX);
		return usage(err);
	}
	if (text.n == 0) {
		r = read_named("--standard: neither a shipped standard nor a file: ", name,
			       STANDARD_MAX_BYTES, &file, err);
		if (r < 0)
			return r;
		text = (struct span){ strbuf_str(&file), file.len };
	}
	r = standard_parse(text, arena, &s->list[s->n], err);
	if (r < 0) {
		err_wrap(err, "%.60s", name);
		return usage(err);
	}
	/* The controls point at their standard, which now stands in the list. */
	for (size_t i = 0; i < s->list[s->n].n; i++)
		s->list[s->n].controls[i].standard = &s->list[s->n];
	s->n++;
	return 0;
}

static int read_standards(const struct opt_list *names, struct standards *s, struct arena *arena,
			  struct err *err)
{
	int r = 0;

	if (names->n == 0) {
		r = add_standard(s, "cis-docker-1.6", arena, err);
		return r < 0 ? r : add_standard(s, "immure", arena, err);
	}
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		if (strcmp(names->items[i], "all") != 0) {
			r = add_standard(s, names->items[i], arena, err);
			continue;
		}
		for (size_t k = 0; r == 0 && k < n_standard_names; k++)
			r = strcmp(standard_names[k], "host") == 0
				    ? 0
				    : add_standard(s, standard_names[k], arena, err);
	}
	return r;
}

static int read_waivers(const struct audit_judge_options *options, struct arena *arena,
			struct judge_input *in, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct span span;
	int r;

	if (!options->waivers)
		return 0;
	r = read_named("--waivers: ", options->waivers, INPUT_MAX, &text, err);
	if (r < 0)
		return r;
	span = (struct span){ strbuf_str(&text), text.len };
	r = waivers_parse(span, options->waivers, arena, &in->waivers, err);
	if (r < 0) {
		err_wrap(err, "%.80s", options->waivers);
		return usage(err);
	}
	in->n_waivers = (size_t)r;
	return 0;
}

/* What the policy itself waived, as it was when the run began. */
static int read_policy_waivers(const struct audit_run *run, struct arena *arena,
			       struct judge_input *in, struct err *err)
{
	const struct bundle *bundle = &run->bundle;
	struct waiver *all;

	if (!run->has_bundle || bundle->n_waivers == 0)
		return 0;
	all = arena_array(arena, in->n_waivers + bundle->n_waivers, sizeof(*all));
	if (!all)
		return err_set(err, ENOMEM, "out of memory");
	if (in->n_waivers > 0)
		memcpy(all, in->waivers, in->n_waivers * sizeof(*all));
	for (size_t i = 0; i < bundle->n_waivers; i++) {
		const struct policy_waiver *w = &bundle->waivers[i];

		all[in->n_waivers++] = (struct waiver){ .control = w->id,
							.until = w->until,
							.by = w->by,
							.why = w->why,
							.file = w->rule.where.file,
							.line = w->rule.where.line };
	}
	in->waivers = all;
	return 0;
}

/* The last proof of the run's policy, as `immure policy prove` left it. NULL: none. */
static json_t *read_proof(const struct run_record *record, struct arena *arena)
{
	const char *digest = record_text(record->plan, "policy_digest", "");
	struct err ignored = { 0 };
	cleanup_close int dir = dirs_open_state("proofs", &ignored);
	cleanup_strbuf struct strbuf text = { 0 };
	const char *name = arena_printf(arena, "%s.json", digest);

	if (dir < 0 || !name || *digest == '\0' || strchr(digest, '/') ||
	    fd_read_file(dir, name, INPUT_MAX, &text, &ignored) < 0)
		return NULL;
	return json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
}

static int find_today(const struct audit_judge_options *options, char now[16],
		      struct judge_input *in, struct err *err)
{
	time_t seconds = time(NULL);
	struct tm tm = { 0 };

	in->today = options->today ? options->today : now;
	if (options->today && !span_is_day(span_of(options->today))) {
		err_set(err, EINVAL, "--today %.20s: expected YYYY-MM-DD", options->today);
		return usage(err);
	}
	gmtime_r(&seconds, &tm);
	return strftime(now, 16, "%Y-%m-%d", &tm) > 0 ? 0 : err_set(err, ERANGE, "no date");
}

static int find_level(const struct audit_judge_options *options, struct judge_input *in,
		      struct err *err)
{
	int level = options->require ? evidence_level_find(options->require) : LEVEL_NONE;

	if (level < 0) {
		err_set(err, EINVAL, "--require-evidence %.20s: expected E0, E1, E2, E3 or E4",
			options->require);
		return usage(err);
	}
	in->require = (enum evidence_level)level;
	return 0;
}

/* What was signed and does not fit is as good as changed. */
static int check_signature(struct audit_run *run, const char *key, struct arena *arena,
			   json_t **ret, struct err *err)
{
	struct err fault = { 0 };
	int r = audit_signature(run, key, arena, ret, &fault);

	if (r == -EBADMSG && run->record.chain.code == 0)
		run->record.chain = fault;
	if (r < 0 && r != -EBADMSG)
		*err = fault;
	return r == -EBADMSG ? 0 : r;
}

int audit_judge(struct audit_run *run, const struct audit_judge_options *options,
		struct arena *arena, json_t **ret, struct err *err)
{
	struct standards *standards = arena_alloc(arena, sizeof(*standards));
	struct report_input in = {
		.judge = { .record = &run->record,
			   .seen = &run->seen,
			   .bundle = run->has_bundle ? &run->bundle : NULL },
		.activity = &run->activity,
		.grants = run->has_grants ? &run->grants : NULL,
		.run = run->id,
		.build = IMMURE_BUILD_ID,
	};
	json_t *policy_signature;
	json_t *signature = NULL;
	json_t *proof;
	char now[16] = "";
	int r;

	if (!standards)
		return err_set(err, ENOMEM, "out of memory");
	r = read_standards(&options->standards, standards, arena, err);
	if (r == 0)
		r = read_waivers(options, arena, &in.judge, err);
	if (r == 0)
		r = read_policy_waivers(run, arena, &in.judge, err);
	if (r == 0)
		r = find_today(options, now, &in.judge, err);
	if (r == 0)
		r = find_level(options, &in.judge, err);
	if (r < 0)
		return r;
	in.judge.standards = standards->list;
	in.judge.n_standards = standards->n;
	r = audit_key_check(options->key, arena, err);
	if (r < 0)
		return r;
	r = run->dir < 0 ? 0 : check_signature(run, options->key, arena, &signature, err);
	if (r < 0)
		return r;
	in.signature = signature;
	in.policy_signature = policy_signature = audit_policy_signature(in.judge.bundle, arena);
	in.judge.proof = proof = read_proof(&run->record, arena);
	r = report_make(&in, arena, ret, err);
	json_decref(signature);
	json_decref(policy_signature);
	json_decref(proof);
	return r;
}

int audit_baseline_read(const char *file, json_t **ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	json_error_t error = { 0 };
	json_t *report;

	if (read_named("", file, INPUT_MAX, &text, err) < 0)
		return -err->code;
	report = json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, &error);
	if (!report || strcmp(record_text(report, "schema", ""), REPORT_SCHEMA) != 0) {
		err_set(err, EINVAL, "%.80s is no report: %s", file,
			report ? "expected schema " REPORT_SCHEMA : error.text);
		json_decref(report);
		return usage(err);
	}
	*ret = report;
	return 0;
}

/* Judged by the same standard: there is a finding that both have. */
static bool is_comparable(const json_t *baseline, const json_t *report)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, f)
	{
		if (report_finding(baseline, record_text(f, "standard", ""),
				   record_text(f, "id", "")))
			return true;
	}
	return false;
}

int audit_baseline_check(const json_t *baseline, const json_t *report, struct err *err)
{
	const char *before = part_text(baseline, "policy", "name", "?");
	const char *now = part_text(report, "policy", "name", "?");

	if (!is_comparable(baseline, report)) {
		err_set(err, EINVAL, "--baseline: it judges by none of these standards");
		return usage(err);
	}
	/* Where nothing passes, nothing could become worse. */
	if (strcmp(report_verdict(baseline), "broken") == 0) {
		err_set(err, EINVAL, "--baseline: the record that it reports on is broken");
		return usage(err);
	}
	if (strcmp(before, now) != 0)
		log_warning("the baseline is of policy %.80s, this run of %.80s", before, now);
	return 0;
}
