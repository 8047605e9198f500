/* SPDX-License-Identifier: Apache-2.0 */
/* The report on one screen. */
#include <string.h>

#include "audit/report_parts.h"

#define DENIALS_SHOWN 10
#define COMMAND_SHOWN ((size_t)160)

static void put_short_hash(struct strbuf *out, const char *hex)
{
	size_t n = strlen(hex);

	if (n != DIGEST_HEX_LEN - 1 || strspn(hex, "0123456789abcdef") != n)
		put_escaped(out, hex);
	else
		strbuf_addf(out, "%.8s..%.4s", hex, hex + n - 4);
}

static void put_host_head(const json_t *report, struct strbuf *out)
{
	strbuf_puts(out, "audit   this machine, user ");
	put_escaped(out, part_text(report, "subject", "user", "?"));
	strbuf_puts(out, "\n        kernel ");
	put_escaped(out, part_text(report, "identity", "kernel", "?"));
	strbuf_addf(out, "  landlock %lld\n\n",
		    (long long)part_number(report, "identity", "landlock_abi", 0));
}

/* A script on the command line is no reason for more than one screen. */
static void put_clipped_command(struct strbuf *out, const json_t *report)
{
	cleanup_strbuf struct strbuf text = { 0 };
	size_t n;

	put_command(&text, report);
	n = text.len < COMMAND_SHOWN ? text.len : COMMAND_SHOWN;
	while (n > 0 && n < text.len && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	strbuf_add(out, strbuf_str(&text), n);
	if (n < text.len)
		strbuf_addf(out, "... (%zu more bytes)", text.len - n);
}

static void put_head(const json_t *report, struct strbuf *out)
{
	const json_t *root = json_object_get(json_object_get(report, "subject"), "root");
	const json_t *image = json_object_get(json_object_get(report, "subject"), "image");
	cleanup_strbuf struct strbuf program = { 0 };
	cleanup_strbuf struct strbuf policy = { 0 };
	const json_t *collector = json_object_get(json_object_get(report, "identity"), "collector");

	strbuf_puts(out, "audit   run ");
	put_escaped(out, part_text(report, "subject", "run", "?"));
	strbuf_puts(out, image && !json_is_null(image) ? "  image " : "  root ");
	put_escaped(out, record_text(image, "reference",
				     record_text(root, "path", record_text(root, "kind", "?"))));
	strbuf_puts(out, "  policy ");
	policy_text(report, &policy);
	put_escaped(out, strbuf_str(&policy));
	if (strcmp(part_text(report, "policy", "mode", "enforce"), "audit") == 0)
		strbuf_puts(out, " (mode: audit, nothing is refused by its rules)");
	strbuf_puts(out, "\n        command ");
	put_clipped_command(out, report);
	strbuf_puts(out, "\n        program ");
	program_text(report, &program);
	put_escaped(out, strbuf_str(&program));
	strbuf_puts(out, "\n        kernel ");
	put_escaped(out, part_text(report, "identity", "kernel", "?"));
	strbuf_addf(out, "  landlock %lld  collector ",
		    (long long)part_number(report, "identity", "landlock_abi", 0));
	put_escaped(out, record_text(collector, "name", "?"));
	if (*record_text(collector, "mode", ""))
		strbuf_addf(out, " (%s)", record_text(collector, "mode", ""));
	strbuf_addf(out, "  events %lld  lost %lld\n\n",
		    (long long)part_number(report, "completeness", "records", 0),
		    (long long)part_number(report, "completeness", "dropped", 0));
}

static void put_layers(const json_t *report, struct strbuf *out)
{
	const json_t *entry;
	bool any = false;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(report, "policy"), "layers"), i, entry)
	{
		const char *state = record_text(entry, "state", "");

		if (strcmp(state, "weakened") != 0 && strcmp(state, "lost") != 0)
			continue;
		any = true;
		strbuf_addf(out, "%-7s ", strcmp(state, "lost") == 0 ? "LOST" : "WEAK");
		put_escaped(out, record_text(entry, "layer", "?"));
		strbuf_puts(out, "  ");
		put_escaped(out, record_text(entry, "text", "?"));
		if (json_is_true(json_object_get(entry, "degraded")))
			strbuf_puts(out, strncmp(record_text(entry, "text", ""), "mode audit", 10)
						 ? "  (--allow-degraded)"
						 : "");
		strbuf_putc(out, '\n');
	}
	if (any)
		strbuf_putc(out, '\n');
}

static const char *label_of(const char *status)
{
	static const char *const labels[][2] = {
		{ "fail", "FAIL" },     { "not-proven", "NOTPRV" }, { "manual", "MANUAL" },
		{ "waived", "WAIVED" }, { "pass", "PASS" },         { "not-applicable", "N/A" },
	};

	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		if (strcmp(labels[i][0], status) == 0)
			return labels[i][1];
	}
	return "?";
}

static void put_finding(const json_t *f, struct strbuf *out)
{
	cleanup_strbuf struct strbuf control = { 0 };
	cleanup_strbuf struct strbuf severity = { 0 };

	put_control(&control, f);
	put_escaped(&severity, record_text(f, "severity", "?"));
	strbuf_addf(out, "%-7s %-9s %-18s ", label_of(record_text(f, "status", "")),
		    strbuf_str(&severity), strbuf_str(&control));
	put_escaped(out, record_text(f, "title", "?"));
	strbuf_puts(out, "\n                  expected ");
	put_escaped(out, record_text(f, "expected", "?"));
	strbuf_puts(out, "; observed ");
	put_escaped(out, record_text(f, "observed", "?"));
	strbuf_puts(out, "  ");
	put_escaped(out, record_text(f, "level", "-"));
	strbuf_puts(out, "  ");
	put_place(out, json_object_get(f, "place"));
	if (*record_text(f, "remedy", "") && strcmp(record_text(f, "status", ""), "waived") != 0) {
		strbuf_puts(out, "\n                  remedy ");
		put_escaped(out, record_text(f, "remedy", ""));
	}
	if (json_is_object(json_object_get(f, "waiver"))) {
		const json_t *waiver = json_object_get(f, "waiver");

		strbuf_puts(out, "\n                  waiver ");
		put_escaped(out, record_text(waiver, "state", "?"));
		strbuf_puts(out, ", until ");
		put_escaped(out, record_text(waiver, "until", "?"));
		strbuf_puts(out, ", by ");
		put_escaped(out, record_text(waiver, "by", "?"));
		strbuf_puts(out, ": ");
		put_escaped(out, record_text(waiver, "why", "?"));
	}
	strbuf_putc(out, '\n');
}

static void put_findings(const json_t *report, struct strbuf *out)
{
	const json_t *list = json_object_get(report, "findings");
	const json_t *f;
	size_t i;

	for (int rank = 0; rank < 4 * SEVERITY_COUNT + 1; rank++) {
		json_array_foreach(list, i, f)
		{
			if (finding_rank(f) == rank)
				put_finding(f, out);
		}
	}
}

static void put_counts(const json_t *report, struct strbuf *out)
{
	const json_t *list = json_object_get(report, "findings");
	int levels[LEVEL_COUNT] = { 0 };
	const json_t *f;
	size_t i;

	json_array_foreach(list, i, f)
	{
		int level = evidence_level_find(record_text(f, "level", ""));

		if (strcmp(record_text(f, "status", ""), "pass") == 0 && level > 0)
			levels[level]++;
	}
	strbuf_addf(out, "PASS %lld  (%d probed, %d kernel-read, %d installed, %d configured)",
		    (long long)part_number(report, "summary", "pass", 0), levels[LEVEL_PROBED],
		    levels[LEVEL_KERNEL], levels[LEVEL_INSTALLED], levels[LEVEL_CONFIGURED]);
	strbuf_addf(out, "  FAIL %lld  NOT PROVEN %lld  N/A %lld  MANUAL %lld  WAIVED %lld\n\n",
		    (long long)part_number(report, "summary", "fail", 0),
		    (long long)part_number(report, "summary", "not-proven", 0),
		    (long long)part_number(report, "summary", "not-applicable", 0),
		    (long long)part_number(report, "summary", "manual", 0),
		    (long long)part_number(report, "summary", "waived", 0));
}

static void put_lineage(const json_t *lineage, struct strbuf *out)
{
	const json_t *who;
	size_t i;

	json_array_foreach(lineage, i, who)
	{
		strbuf_puts(out, i ? " <- " : "");
		put_escaped(out, record_text(who, "comm", "?"));
		strbuf_addf(out, "[%lld]", (long long)record_number(who, "pid", 0));
	}
}

static void put_denials(const json_t *report, struct strbuf *out)
{
	const json_t *activity = json_object_get(report, "activity");
	const json_t *list = json_object_get(activity, "denials");
	const json_t *d;
	size_t i;

	strbuf_addf(out, "%s %lld\n",
		    strcmp(part_text(report, "policy", "mode", "enforce"), "audit") == 0
			    ? "refused by rules, most went on (mode: audit)"
			    : "denied",
		    (long long)record_number(activity, "denied", 0));
	json_array_foreach(list, i, d)
	{
		const json_t *rule = json_object_get(d, "rule");

		if (i == DENIALS_SHOWN) {
			strbuf_addf(out, "  ... and %zu more\n", json_array_size(list) - i);
			break;
		}
		strbuf_puts(out, "  ");
		put_escaped(out, record_text(d, "id", "?"));
		strbuf_puts(out, "  ");
		put_escaped(out, record_text(d, "text", "?"));
		strbuf_puts(out, "\n      ");
		put_lineage(json_object_get(d, "lineage"), out);
		strbuf_puts(out, "   ");
		if (json_is_object(rule))
			put_place(out, rule);
		else
			strbuf_puts(out, "no rule");
		if (record_number(d, "count", 1) > 1)
			strbuf_addf(out, "   %lld times", (long long)record_number(d, "count", 1));
		strbuf_puts(out, "   immure why ");
		put_escaped(out, record_text(d, "id", "?"));
		strbuf_putc(out, '\n');
	}
}

/* What audit show adds to the report that it prints: other runs of the same policy. */
static bool put_unused_in_runs(const json_t *report, struct strbuf *out)
{
	const json_t *runs = json_object_get(report, REPORT_RUNS);

	if (!json_is_object(runs))
		return false;
	strbuf_addf(out,
		    "unused %lld  grants never used in %lld runs  immure policy lint --unused ",
		    (long long)record_number(runs, "unused", 0),
		    (long long)record_number(runs, "runs", 0));
	put_escaped(out, record_text(runs, "policy", "POLICY"));
	strbuf_putc(out, '\n');
	return true;
}

/* Grants of the user's own lines; nothing where the record tells of none of them. */
static void put_unused(const json_t *report, struct strbuf *out)
{
	const json_t *grants = json_object_get(json_object_get(report, "policy"), "grants");
	long long unused = (long long)record_number(grants, "unused", 0);
	long long unknown = (long long)record_number(grants, "unknown", 0);
	long long used = (long long)record_number(grants, "used", 0);

	if (put_unused_in_runs(report, out) || unused + used == 0)
		return;
	strbuf_addf(out, "unused %lld  of %lld grants never used in this run", unused,
		    unused + used + unknown);
	if (unknown > 0)
		strbuf_addf(out, ", %lld not known", unknown);
	strbuf_putc(out, '\n');
}

static void put_peaks(const json_t *report, struct strbuf *out)
{
	cleanup_strbuf struct strbuf peaks = { 0 };

	peaks_text(report, &peaks);
	if (peaks.len > 0)
		strbuf_addf(out, "peaks   %s\n", strbuf_str(&peaks));
}

/* A waiver that is over, or that nothing needed: somebody should look at it again. */
static void put_waivers(const json_t *report, struct strbuf *out)
{
	const json_t *w;
	size_t i;

	json_array_foreach(json_object_get(report, "waivers"), i, w)
	{
		const char *state = record_text(w, "state", "");

		if (strcmp(state, "applied") == 0)
			continue;
		strbuf_puts(out, "waiver  ");
		put_escaped(out, record_text(w, "control", "?"));
		strbuf_addf(out, "  %s", strcmp(state, "expired") == 0 ? "expired" : "unused");
		strbuf_puts(out, ", until ");
		put_escaped(out, record_text(w, "until", "?"));
		strbuf_puts(out, " by ");
		put_escaped(out, record_text(w, "by", "?"));
		strbuf_puts(out, "  ");
		put_escaped(out, record_text(w, "file", "?"));
		if (record_number(w, "line", 0) > 0)
			strbuf_addf(out, ":%lld", (long long)record_number(w, "line", 0));
		strbuf_putc(out, '\n');
	}
}

static void put_end(const json_t *report, struct strbuf *out)
{
	const json_t *c = json_object_get(report, "completeness");
	const json_t *signature =
		json_object_get(json_object_get(report, "integrity"), "signature");
	const char *chain = record_text(c, "chain", "?");

	if (strcmp(chain, "ok") != 0) {
		strbuf_puts(out, "chain   BROKEN: ");
		put_escaped(out, chain);
		strbuf_putc(out, '\n');
		return;
	}
	if (!json_is_true(json_object_get(c, "sealed"))) {
		strbuf_puts(out, "chain   ok so far, but ");
		put_escaped(out, record_text(c, "reason", "it is not sealed"));
		strbuf_putc(out, '\n');
		return;
	}
	strbuf_puts(out, "chain   ok  head ");
	put_short_hash(out, record_text(c, "head", "?"));
	if (json_is_object(signature)) {
		strbuf_puts(out, "  signed ");
		put_escaped(out, record_text(signature, "key", "?"));
		if (strcmp(record_text(signature, "state", ""), "ok") != 0)
			strbuf_puts(out, ", which is not your key: not checked");
	} else {
		strbuf_puts(out, "  sealed, not signed");
	}
	strbuf_addf(out, "\nended   exit %lld\n",
		    (long long)part_number(report, "subject", "exit", -1));
}

void report_text(const json_t *report, struct strbuf *out)
{
	if (is_about_host(report))
		put_host_head(report, out);
	else
		put_head(report, out);
	put_layers(report, out);
	put_findings(report, out);
	put_counts(report, out);
	if (is_about_host(report))
		return;
	put_denials(report, out);
	put_unused(report, out);
	put_peaks(report, out);
	put_waivers(report, out);
	put_end(report, out);
}
