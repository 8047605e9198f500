/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit XML, CSV and Markdown: one row for each control. */
#include <string.h>

#include "audit/report_parts.h"

static long long count_of(const json_t *report, const char *status)
{
	return (long long)part_number(report, "summary", status, 0);
}

/* Both texts of a finding in one: "expected ...; observed ... (known by ..., E3)". */
static void put_reason(struct strbuf *out, const json_t *f)
{
	strbuf_puts(out, "expected ");
	strbuf_puts(out, record_text(f, "expected", "?"));
	strbuf_puts(out, "; observed ");
	strbuf_puts(out, record_text(f, "observed", "?"));
}

/* One case of a suite; not proven is an error: the test could not say. */
static void put_case(const json_t *f, struct strbuf *out)
{
	const char *status = record_text(f, "status", "");
	cleanup_strbuf struct strbuf reason = { 0 };
	const char *element = strcmp(status, "fail") == 0         ? "failure"
			      : strcmp(status, "not-proven") == 0 ? "error"
								  : "skipped";

	strbuf_puts(out, "    <testcase classname=\"");
	put_xml(out, record_text(f, "standard", "?"));
	strbuf_puts(out, "\" name=\"");
	put_xml(out, record_text(f, "id", "?"));
	strbuf_putc(out, ' ');
	put_xml(out, record_text(f, "title", "?"));
	strbuf_puts(out, "\" time=\"0\"");
	if (strcmp(status, "pass") == 0) {
		strbuf_puts(out, "/>\n");
		return;
	}
	put_reason(&reason, f);
	strbuf_addf(out, ">\n      <%s", element);
	/* The schema lets what is skipped have text, and no message. */
	if (strcmp(element, "skipped") == 0) {
		strbuf_putc(out, '>');
		put_xml(out, strbuf_str(&reason));
		strbuf_putc(out, '\n');
	} else {
		strbuf_puts(out, " message=\"");
		put_xml(out, strbuf_str(&reason));
		strbuf_puts(out, "\" type=\"");
		put_xml(out, record_text(f, "severity", "?"));
		strbuf_puts(out, "\">");
	}
	strbuf_reset(&reason);
	put_place(&reason, json_object_get(f, "place"));
	put_xml(out, strbuf_str(&reason));
	strbuf_addf(out, "\nremedy: ");
	put_xml(out, record_text(f, "remedy", "?"));
	strbuf_addf(out, "</%s>\n    </testcase>\n", element);
}

static void put_property(const char *name, const char *value, struct strbuf *out)
{
	strbuf_addf(out, "      <property name=\"%s\" value=\"", name);
	put_xml(out, value);
	strbuf_puts(out, "\"/>\n");
}

void report_junit(const json_t *report, struct strbuf *out)
{
	const char *start = part_text(report, "subject", "start", "");
	const char *host = part_text(report, "subject", "hostname", "");
	cleanup_strbuf struct strbuf program = { 0 };
	cleanup_strbuf struct strbuf peaks = { 0 };
	const json_t *f;
	size_t i;

	strbuf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
			 "  <testsuite name=\"immure ");
	put_xml(out, part_text(report, "subject", "run", "?"));
	strbuf_puts(out, "\" package=\"immure\" id=\"0\" timestamp=\"");
	/* The schema wants no fraction and no zone. */
	if (strlen(start) >= 19)
		strbuf_add(out, start, 19);
	else
		strbuf_puts(out, "1970-01-01T00:00:00");
	strbuf_puts(out, "\" hostname=\"");
	put_xml(out, *host ? host : "localhost");
	strbuf_addf(out, "\" tests=\"%zu\" failures=\"%lld\" errors=\"%lld\" skipped=\"%lld\"",
		    json_array_size(json_object_get(report, "findings")), count_of(report, "fail"),
		    count_of(report, "not-proven"),
		    (count_of(report, "not-applicable") + count_of(report, "manual") +
		     count_of(report, "waived")));
	strbuf_puts(out, " time=\"0\">\n    <properties>\n");
	program_text(report, &program);
	put_property("program", strbuf_str(&program), out);
	peaks_text(report, &peaks);
	if (peaks.len > 0)
		put_property("peaks", strbuf_str(&peaks), out);
	put_property("policy", part_text(report, "policy", "name", "?"), out);
	put_property("policy_digest", part_text(report, "policy", "digest", "?"), out);
	put_property("head", part_text(report, "completeness", "head", "?"), out);
	put_property("verdict", report_verdict(report), out);
	strbuf_puts(out, "    </properties>\n");
	json_array_foreach(json_object_get(report, "findings"), i, f) put_case(f, out);
	strbuf_puts(out, "    <system-out></system-out>\n    <system-err></system-err>\n"
			 "  </testsuite>\n</testsuites>\n");
}

/* RFC 4180; a cell that a spreadsheet would take for a formula begins with an apostrophe. */
static void put_cell(struct strbuf *out, const char *text, bool last)
{
	cleanup_strbuf struct strbuf safe = { 0 };

	put_escaped(&safe, text);
	strbuf_putc(out, '"');
	if (*text && strchr("=+-@\t\r\n|%", *text))
		strbuf_putc(out, '\'');
	for (const char *p = strbuf_str(&safe); *p; p++) {
		if (*p == '"')
			strbuf_putc(out, '"');
		strbuf_putc(out, *p);
	}
	strbuf_puts(out, last ? "\"\r\n" : "\",");
}

void report_csv(const json_t *report, struct strbuf *out)
{
	static const char *const columns[] = { "standard", "id",    "title",    "status",
					       "severity", "level", "expected", "observed",
					       "source",   "remedy" };
	cleanup_strbuf struct strbuf program = { 0 };
	cleanup_strbuf struct strbuf peaks = { 0 };
	const json_t *f;
	size_t i;

	program_text(report, &program);
	strbuf_puts(out, "run,");
	for (size_t k = 0; k < ARRAY_LEN(columns); k++)
		strbuf_addf(out, "%s,", columns[k]);
	peaks_text(report, &peaks);
	strbuf_puts(out, "place,program,peaks\r\n");
	json_array_foreach(json_object_get(report, "findings"), i, f)
	{
		cleanup_strbuf struct strbuf place = { 0 };

		put_cell(out, part_text(report, "subject", "run", "?"), false);
		for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
			const char *text = record_text(f, columns[k], "");

			put_cell(out, strcmp(text, "-") == 0 ? "" : text, false);
		}
		put_place(&place, json_object_get(f, "place"));
		put_cell(out, strbuf_str(&place), false);
		put_cell(out, strbuf_str(&program), false);
		put_cell(out, strbuf_str(&peaks), true);
	}
}

#define MD_FINDINGS 25
#define MD_DENIALS 10
#define MD_TEXT 160 /* bytes of a cell */

/* Markdown of any dialect: what means something there is written as an entity. */
static void put_md(struct strbuf *out, const char *text)
{
	cleanup_strbuf struct strbuf safe = { 0 };
	size_t n = 0;

	put_escaped(&safe, text);
	for (const char *p = strbuf_str(&safe); *p; p++) {
		/* Cut between characters, not within one. */
		if (++n > MD_TEXT && (*p & 0xc0) != 0x80) {
			strbuf_puts(out, "…");
			return;
		}
		if (strchr("|<>&`*_[]\\#~@$", *p))
			strbuf_addf(out, "&#%d;", *p);
		else
			strbuf_putc(out, *p);
	}
}

static void put_md_row(const json_t *f, struct strbuf *out)
{
	cleanup_strbuf struct strbuf text = { 0 };

	put_control(&text, f);
	strbuf_puts(out, "| ");
	put_md(out, record_text(f, "status", "?"));
	strbuf_puts(out, " | ");
	put_md(out, record_text(f, "severity", "?"));
	strbuf_puts(out, " | ");
	put_md(out, strbuf_str(&text));
	strbuf_puts(out, " | ");
	put_md(out, record_text(f, "title", "?"));
	strbuf_puts(out, " | ");
	put_md(out, record_text(f, "observed", "?"));
	strbuf_puts(out, " | ");
	put_md(out, record_text(f, "level", "-"));
	strbuf_puts(out, " | ");
	strbuf_reset(&text);
	put_place(&text, json_object_get(f, "place"));
	put_md(out, strbuf_str(&text));
	strbuf_puts(out, " |\n");
}

static void put_md_findings(const json_t *report, struct strbuf *out)
{
	const json_t *f;
	size_t shown = 0;
	size_t left = 0;
	size_t i;

	for (int rank = 0; rank < 4 * SEVERITY_COUNT + 1; rank++) {
		json_array_foreach(json_object_get(report, "findings"), i, f)
		{
			if (finding_rank(f) != rank)
				continue;
			if (shown == MD_FINDINGS) {
				left++;
				continue;
			}
			if (shown++ == 0)
				strbuf_puts(out,
					    "\n| status | severity | control | what | observed | "
					    "evidence | place |\n|---|---|---|---|---|---|---|\n");
			put_md_row(f, out);
		}
	}
	if (left > 0)
		strbuf_addf(out, "\n… and %zu more.\n", left);
}

static void put_md_denials(const json_t *report, struct strbuf *out)
{
	const json_t *activity = json_object_get(report, "activity");
	const json_t *list = json_object_get(activity, "denials");
	const json_t *d;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	strbuf_addf(out, "\n| refused (%lld in all) | to allow | risk |\n|---|---|---|\n",
		    (long long)record_number(activity, "denied", 0));
	json_array_foreach(list, i, d)
	{
		if (i == MD_DENIALS)
			break;
		strbuf_puts(out, "| ");
		put_md(out, record_text(d, "text", "?"));
		strbuf_puts(out, " | ");
		put_md(out, record_text(d, "suggest", "?"));
		strbuf_puts(out, " | ");
		put_md(out, record_text(d, "risk", "?"));
		strbuf_puts(out, " |\n");
	}
}

void report_markdown(const json_t *report, struct strbuf *out)
{
	const json_t *c = json_object_get(report, "completeness");
	const char *verdict = report_verdict(report);
	cleanup_strbuf struct strbuf command = { 0 };
	cleanup_strbuf struct strbuf program = { 0 };
	cleanup_strbuf struct strbuf peaks = { 0 };

	command_text(report, &command);
	strbuf_addf(out, "### immure: %s\n\n", verdict);
	strbuf_puts(out, "Run ");
	put_md(out, part_text(report, "subject", "run", "?"));
	strbuf_puts(out, ", policy ");
	put_md(out, part_text(report, "policy", "name", "?"));
	strbuf_puts(out, ", command ");
	put_md(out, strbuf_str(&command));
	program_text(report, &program);
	strbuf_puts(out, ", program ");
	put_md(out, strbuf_str(&program));
	peaks_text(report, &peaks);
	strbuf_puts(out, peaks.len > 0 ? "; " : "");
	put_md(out, strbuf_str(&peaks));
	strbuf_addf(out,
		    ".\n\n**%lld pass**, **%lld fail**, %lld not proven, %lld not applicable, "
		    "%lld manual, %lld waived.\n",
		    count_of(report, "pass"), count_of(report, "fail"),
		    count_of(report, "not-proven"), count_of(report, "not-applicable"),
		    count_of(report, "manual"), count_of(report, "waived"));
	put_md_findings(report, out);
	put_md_denials(report, out);
	strbuf_addf(out, "\n%lld records, %lld lost, chain ",
		    (long long)record_number(c, "records", 0),
		    (long long)record_number(c, "dropped", 0));
	put_md(out, record_text(c, "chain", "?"));
	strbuf_puts(out, ", head ");
	put_md(out, record_text(c, "head", "?"));
	strbuf_puts(out, ".\n");
}
