/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's source in the HTML report, like a coverage report. */
#include <string.h>

#include "audit/report_parts.h"

/* How often calls were refused by the rule that stands there. */
static int64_t denied_by(const json_t *report, const json_t *rule)
{
	const json_t *list = json_object_get(json_object_get(report, "activity"), "denials");
	int64_t n = 0;
	const json_t *d;
	size_t i;

	json_array_foreach(list, i, d)
	{
		const json_t *r = json_object_get(d, "rule");

		if (json_is_object(r) &&
		    record_number(r, "line", -1) == record_number(rule, "line", 0) &&
		    strcmp(record_text(r, "file", ""), record_text(rule, "file", "?")) == 0)
			n += record_number(d, "records", 1);
	}
	return n;
}

/* Of a line that is used, the words that are not. */
static void put_unused(const json_t *rule, struct strbuf *out)
{
	const json_t *list = json_object_get(rule, "unused");
	const json_t *text;
	size_t i;

	if (json_array_size(list) == 0 || strcmp(record_text(rule, "use", ""), "unused") == 0)
		return;
	strbuf_puts(out, " <span class=\"never\">never used: ");
	json_array_foreach(list, i, text)
	{
		strbuf_puts(out, i == 0 ? "" : ", ");
		put_xml(out, json_is_string(text) ? json_string_value(text) : "?");
	}
	strbuf_puts(out, "</span>");
}

static void put_hits(const json_t *rule, int64_t denied, struct strbuf *out)
{
	int64_t uses = record_number(rule, "uses", 0);

	if (denied > 0)
		strbuf_addf(out, "%lld refused", (long long)denied);
	else if (uses > 0)
		strbuf_addf(out, "used %lld&times;", (long long)uses);
	else
		put_xml(out, record_text(rule, "use", ""));
}

static void put_rule(const json_t *report, const json_t *rule, struct strbuf *out)
{
	int64_t denied = denied_by(report, rule);

	strbuf_puts(out, "<div class=\"row ");
	put_xml(out, denied > 0 ? "denied" : record_text(rule, "use", ""));
	strbuf_puts(out, "\"><span class=\"hits\">");
	put_hits(rule, denied, out);
	strbuf_addf(out, "</span><span class=\"n\">%lld</span><span>",
		    (long long)record_number(rule, "line", 0));
	put_xml(out, record_text(rule, "text", "?"));
	if (record_text(rule, "why", NULL)) {
		strbuf_puts(out, " <span class=\"why\"># why: ");
		put_xml(out, record_text(rule, "why", ""));
		strbuf_puts(out, "</span>");
	}
	put_unused(rule, out);
	strbuf_puts(out, "</span></div>\n");
}

static bool is_told_before(const json_t *rules, size_t n, const char *why)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(record_text(json_array_get(rules, i), "unknown", ""), why) == 0)
			return true;
	}
	return false;
}

/* Each reason once, not at every line. */
static void put_reasons(const json_t *rules, struct strbuf *out)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
	{
		const char *why = record_text(rule, "unknown", NULL);

		if (!why || is_told_before(rules, i, why))
			continue;
		strbuf_puts(out, "<p class=\"soft small\">Use not known: ");
		put_xml(out, why);
		strbuf_puts(out, ".</p>\n");
	}
}

void html_policy(const json_t *report, struct strbuf *out)
{
	const json_t *rules = json_object_get(json_object_get(report, "policy"), "rules");
	const json_t *rule;
	const char *file = "";
	size_t i;

	strbuf_puts(out, "<h2>Policy, line by line</h2>\n");
	put_reasons(rules, out);
	json_array_foreach(rules, i, rule)
	{
		const char *here = record_text(rule, "file", "?");

		if (strcmp(here, file) != 0) {
			if (*file)
				strbuf_puts(out, "</div>\n");
			strbuf_puts(
				out,
				"<div class=\"source card\" style=\"padding:0\"><div class=\"file\">");
			put_xml(out, here);
			strbuf_puts(out, "</div>\n");
			file = here;
		}
		put_rule(report, rule, out);
	}
	if (*file)
		strbuf_puts(out, "</div>\n");
}
