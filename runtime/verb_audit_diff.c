/* SPDX-License-Identifier: Apache-2.0 */
/* audit diff, audit retain. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/report_diff.h"
#include "audit/report_parts.h"
#include "base/fd.h"
#include "runtime/audit_judge.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"
#include "runtime/verb_audit.h"

struct diff_options {
	struct audit_judge_options judge;
	bool json;
};

static const struct opt diff_opts[] = {
	{ "standard", 's', OPT_LIST, offsetof(struct diff_options, judge.standards), "NAME|FILE",
	  "judge runs by it; may be given several times",
	  "cis-docker-1.6 nist-800-190 immure all" },
	{ "json", 0, OPT_FLAG, offsetof(struct diff_options, json), NULL, "print JSON", NULL },
};

/* A file that holds a report, or a run that is judged now. */
static int open_side(const struct verb_call *call, const char *name, json_t **ret, struct err *err)
{
	const struct diff_options *options = call->options;
	cleanup_audit_run struct audit_run run = { .dir = -1 };
	int r;

	if (strchr(name, '/') || strchr(name, '.'))
		return audit_baseline_read(name, ret, err);
	r = audit_run_open(name, call->arena, &run, err);
	return r < 0 ? r : audit_judge(&run, &options->judge, call->arena, ret, err);
}

static void print_list(const json_t *diff, const char *list, const char *label)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(diff, list), i, entry)
	{
		const char *before = json_string_value(json_object_get(entry, "before"));
		const char *after = json_string_value(json_object_get(entry, "after"));

		printf("%-8s %s", label, json_string_value(json_object_get(entry, "what")));
		if (before && after)
			printf("  (%.12s, now %.12s)", before, after);
		printf("\n");
	}
}

/* Where nothing passes, nothing became better or worse. */
static bool is_broken(const char *name, const json_t *report)
{
	if (strcmp(report_verdict(report), "broken") != 0)
		return false;
	fprintf(stderr, "%s: the record does not hold, its verdicts say nothing\n", name);
	return true;
}

static void print_diff(const json_t *diff)
{
	static const char *const lists[][2] = { { "worse", "WORSE" },
						{ "better", "better" },
						{ "changed", "changed" },
						{ "new", "new" },
						{ "gone", "gone" } };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		print_list(diff, lists[i][0], lists[i][1]);
}

static int diff(const struct verb_call *call, struct err *err)
{
	const struct diff_options *options = call->options;
	json_t *before = NULL;
	json_t *after = NULL;
	json_t *out = NULL;
	bool broken = false;
	int r = open_side(call, call->argv[0], &before, err);

	if (r == 0)
		r = open_side(call, call->argv[1], &after, err);
	if (r == 0) {
		out = report_diff(before, after);
		broken = is_broken(call->argv[0], before);
		broken |= is_broken(call->argv[1], after);
	}
	json_decref(before);
	json_decref(after);
	if (r < 0)
		return r;
	if (!out)
		return err_set(err, ENOMEM, "out of memory");
	if (options->json) {
		json_dumpf(out, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
		printf("\n");
	} else {
		print_diff(out);
	}
	r = json_array_size(json_object_get(out, "worse")) > 0;
	json_decref(out);
	return broken ? STATUS_INTEGRITY : r;
}

struct retain_options {
	const char *keep;
	bool dry_run;
};

static const struct opt retain_opts[] = {
	{ "keep", 0, OPT_TEXT, offsetof(struct retain_options, keep), "NUMBER|AGE",
	  "how many runs to keep, or how old they may become: 100, 30d, 12h", NULL },
	{ "dry-run", 'n', OPT_FLAG, offsetof(struct retain_options, dry_run), NULL,
	  "only say what would be removed", NULL },
};

/* When a run began: the first eight digits of its id are seconds since 1970 in hex. */
static uint64_t start_of(const char *id)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t seconds = 0;

	for (int i = 0; i < 8 && id[i]; i++) {
		const char *digit = strchr(digits, id[i]);

		seconds = seconds << 4 | (uint64_t)(digit ? digit - digits : 0);
	}
	return seconds;
}

/* How many of the oldest have to go. */
static int count_old(const char **ids, int n, const char *keep, struct err *err)
{
	uint64_t now = (uint64_t)time(NULL);
	uint64_t number = 0;
	int old = 0;

	if (span_u64(span_of(keep), UINT32_MAX, &number) == 0)
		return n > (int64_t)number ? n - (int)number : 0;
	if (span_millis(span_of(keep), UINT64_MAX / 2, &number) < 0) {
		err_set(err, EINVAL, "--keep %.20s: expected a number of runs, or an age as 30d",
			keep);
		return err_at(err, ERR_USAGE);
	}
	while (old < n && start_of(ids[old]) + number / 1000 < now)
		old++;
	return old;
}

static int remove_run(int runs, const char *id, bool dry_run, struct err *err)
{
	int r;

	if (run_folder_is_live(runs, id)) {
		printf("%s  is running, stays\n", id);
		return 0;
	}
	r = dry_run ? 0 : fd_remove_tree(runs, id, err);
	if (r == 0)
		printf("%s  %s\n", id, dry_run ? "would be removed" : "removed");
	return r;
}

static int retain(const struct verb_call *call, struct err *err)
{
	const struct retain_options *options = call->options;
	cleanup_close int runs = -1;
	const char **ids = NULL;
	int old;
	int n;

	if (!options->keep) {
		err_set(err, EINVAL, "no --keep NUMBER|AGE");
		return err_at(err, ERR_USAGE);
	}
	runs = dirs_open_state("runs", err);
	if (runs < 0)
		return runs;
	n = run_list(runs, call->arena, &ids, err);
	if (n < 0)
		return n;
	old = count_old(ids, n, options->keep, err);
	for (int i = 0; i < old; i++) {
		int r = remove_run(runs, ids[i], options->dry_run, err);

		if (r < 0)
			return r;
	}
	return old < 0 ? old : 0;
}

const struct verb verb_audit_diff = {
	.name = "diff",
	.args = "[OPTION...] OLD NEW",
	.help = "what became better or worse between two runs or reports: exit 1 if anything did worse",
	.opts = diff_opts,
	.n_opts = ARRAY_LEN(diff_opts),
	.options_size = sizeof(struct diff_options),
	.min_args = 2,
	.max_args = 2,
	.mixed = true,
	.run = diff,
};

const struct verb verb_audit_retain = {
	.name = "retain",
	.args = "--keep NUMBER|AGE [--dry-run]",
	.help = "remove the oldest records",
	.opts = retain_opts,
	.n_opts = ARRAY_LEN(retain_opts),
	.options_size = sizeof(struct retain_options),
	.run = retain,
};
