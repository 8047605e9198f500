/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0: what does not pass, each at its line of the policy. Passes are left out, since
 * viewers show every result as something to look at. Source: SARIF 2.1.0 (OASIS), sections 3.27
 * and 3.49.
 */
#include <string.h>

#include "audit/report_parts.h"

static const char *kind_of(const char *status)
{
	return strcmp(status, "not-proven") == 0 ? "open"
	       : strcmp(status, "manual") == 0   ? "review"
						 : "fail";
}

/* A result that is no failure has no level (3.27.10). */
static const char *level_of(const json_t *finding)
{
	const char *status = record_text(finding, "status", "");

	if (strcmp(kind_of(status), "fail") != 0)
		return "none";
	return severity_find(record_text(finding, "severity", "")) >= SEVERITY_HIGH ? "error"
										    : "warning";
}

static json_t *text_object(const char *text)
{
	cleanup_strbuf struct strbuf safe = { 0 };

	put_escaped(&safe, text);
	return json_pack("{s:s}", "text", strbuf_str(&safe));
}

static json_t *make_rule(const json_t *f, const char *id)
{
	/* As GitHub reads it: a number from 0 to 10. */
	static const char *const scores[] = { "2.0", "5.0", "8.0", "9.5" };
	int severity = severity_find(record_text(f, "severity", ""));
	const char *remedy = record_text(f, "remedy", "");

	return json_pack("{s:{s:s}, s:o, s:s, s:{s:s, s:[s], s:s}, s:o}", "defaultConfiguration",
			 "level", severity >= SEVERITY_HIGH ? "error" : "warning", "help",
			 text_object(*remedy ? remedy : "see immure-audit(1)"), "id", id,
			 "properties", "security-severity", scores[severity < 0 ? 0 : severity],
			 "tags", "security", "severity", record_text(f, "severity", "low"),
			 "shortDescription", text_object(record_text(f, "title", "?")));
}

/* An option has no file: the policy as a whole stands for it, and the option is named beside it. */
static json_t *make_location(const json_t *report, const json_t *place)
{
	const json_t *sources = json_object_get(json_object_get(report, "policy"), "sources");
	const char *file = record_text(json_array_get(sources, 0), "name", "policy");
	int64_t line = record_number(place, "line", 0);
	cleanup_strbuf struct strbuf uri = { 0 };
	json_t *location;

	strbuf_uri(&uri, line > 0 ? record_text(place, "file", file) : file);
	location = json_pack("{s:{s:{s:s}, s:{s:I}}}", "physicalLocation", "artifactLocation",
			     "uri", strbuf_str(&uri), "region", "startLine",
			     (json_int_t)(line > 0 ? line : 1));
	if (json_is_object(place) && line <= 0)
		json_object_set_new(location, "logicalLocations",
				    json_pack("[{s:s, s:s}]", "kind", "parameter", "name",
					      record_text(place, "rule", "?")));
	return location;
}

/* The same for the same control under the same policy, whatever the run. */
static void fingerprint(const json_t *report, const json_t *f, char ret[DIGEST_HEX_LEN])
{
	const char *texts[] = { record_text(f, "standard", ""), record_text(f, "id", ""),
				part_text(report, "policy", "name", "") };
	const void *pieces[ARRAY_LEN(texts)];
	size_t lengths[ARRAY_LEN(texts)];
	struct digest digest;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		pieces[i] = texts[i];
		lengths[i] = strlen(texts[i]);
	}
	digest = digest_of_pieces(pieces, lengths, ARRAY_LEN(texts));
	digest_hex(&digest, ret);
}

static json_t *make_suppressions(const json_t *f)
{
	const json_t *waiver = json_object_get(f, "waiver");
	cleanup_strbuf struct strbuf why = { 0 };

	if (strcmp(record_text(f, "status", ""), "waived") != 0)
		return json_array();
	put_escaped(&why, record_text(waiver, "why", "?"));
	strbuf_puts(&why, " (");
	put_escaped(&why, record_text(waiver, "by", "?"));
	strbuf_puts(&why, ", until ");
	put_escaped(&why, record_text(waiver, "until", "?"));
	strbuf_putc(&why, ')');
	return json_pack("[{s:s, s:s, s:s}]", "justification", strbuf_str(&why), "kind", "external",
			 "status", "accepted");
}

static json_t *make_result(const json_t *report, const json_t *f, const char *id, size_t rule)
{
	cleanup_strbuf struct strbuf text = { 0 };
	char print[DIGEST_HEX_LEN];

	fingerprint(report, f, print);
	put_control(&text, f);
	strbuf_puts(&text, ": ");
	put_escaped(&text, record_text(f, "title", "?"));
	strbuf_puts(&text, ". Expected ");
	put_escaped(&text, record_text(f, "expected", "?"));
	strbuf_puts(&text, "; observed ");
	put_escaped(&text, record_text(f, "observed", "?"));
	return json_pack("{s:s, s:s, s:[o], s:{s:s}, s:{s:s}, s:{s:s, s:s, s:s}, s:s, s:I, s:o}",
			 "kind", kind_of(record_text(f, "status", "")), "level", level_of(f),
			 "locations", make_location(report, json_object_get(f, "place")), "message",
			 "text", strbuf_str(&text), "partialFingerprints", "immureControl/v1",
			 print, "properties", "evidence", record_text(f, "level", "-"), "source",
			 record_text(f, "source", "?"), "status", record_text(f, "status", "?"),
			 "ruleId", id, "ruleIndex", (json_int_t)rule, "suppressions",
			 make_suppressions(f));
}

static void add_finding(const json_t *report, const json_t *f, json_t *rules, json_t *results)
{
	cleanup_strbuf struct strbuf id = { 0 };
	const char *status = record_text(f, "status", "");

	if (strcmp(status, "pass") == 0 || strcmp(status, "not-applicable") == 0)
		return;
	put_escaped(&id, record_text(f, "standard", "?"));
	strbuf_putc(&id, '/');
	put_escaped(&id, record_text(f, "id", "?"));
	json_array_append_new(results,
			      make_result(report, f, strbuf_str(&id), json_array_size(rules)));
	json_array_append_new(rules, make_rule(f, strbuf_str(&id)));
}

static json_t *make_invocation(const json_t *report)
{
	json_t *invocation = json_pack("{s:b}", "executionSuccessful",
				       strcmp(report_verdict(report), "broken") != 0);
	const char *start = part_text(report, "subject", "start", "");
	const char *end = part_text(report, "subject", "end", "");

	if (*start)
		json_object_set_new(invocation, "startTimeUtc", json_string(start));
	if (*end)
		json_object_set_new(invocation, "endTimeUtc", json_string(end));
	return invocation;
}

void report_sarif(const json_t *report, struct strbuf *out)
{
	const json_t *tool = json_object_get(json_object_get(report, "identity"), "tool");
	json_t *rules = json_array();
	json_t *results = json_array();
	const json_t *f;
	cleanup_strbuf struct strbuf program = { 0 };
	cleanup_strbuf struct strbuf peaks = { 0 };
	json_t *log;
	size_t i;

	program_text(report, &program);
	peaks_text(report, &peaks);
	json_array_foreach(json_object_get(report, "findings"), i, f)
		add_finding(report, f, rules, results);
	log = json_pack(
		"{s:s, s:[{s:{s:s}, s:[o], s:{s:s*, s:s, s:s, s:s}, s:o, s:{s:{s:s, s:o, s:s}}}], s:s}",
		"$schema", "https://json.schemastore.org/sarif-2.1.0.json", "runs",
		"automationDetails", "id", part_text(report, "policy", "name", "immure"),
		"invocations", make_invocation(report), "properties", "peaks",
		peaks.len > 0 ? strbuf_str(&peaks) : NULL, "program", strbuf_str(&program),
		"report_id", record_text(report, "report_id", "?"), "verdict",
		report_verdict(report), "results", results, "tool", "driver", "name", "immure",
		"rules", rules, "version", record_text(tool, "version", "?"), "version", "2.1.0");
	put_json(out, log);
}
