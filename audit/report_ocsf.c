/* SPDX-License-Identifier: Apache-2.0 */
/* Each control as a Compliance Finding, one JSON object a line. */
#include <string.h>

#include "audit/ocsf.h"
#include "audit/report_parts.h"

#define CLASS_COMPLIANCE 2003

/* Unknown 0, pass 1, warning 2, fail 3, other 99. */
static int status_id(const char *status)
{
	return strcmp(status, "pass") == 0         ? 1
	       : strcmp(status, "fail") == 0       ? 3
	       : strcmp(status, "not-proven") == 0 ? 2
	       : strcmp(status, "manual") == 0     ? 0
						   : 99;
}

static json_t *make_finding(const json_t *report, const json_t *f)
{
	int severity = severity_find(record_text(f, "severity", ""));
	json_t *o = ocsf_base(
		CLASS_COMPLIANCE, 1, severity + 2,
		part_text(report, "subject", "end", part_text(report, "subject", "start", "")));
	const char *status = record_text(f, "status", "?");
	cleanup_strbuf struct strbuf program = { 0 };
	cleanup_strbuf struct strbuf peaks = { 0 };

	program_text(report, &program);
	peaks_text(report, &peaks);

	json_object_set_new(o, "compliance",
			    json_pack("{s:s, s:[s], s:s, s:s, s:i}", "control",
				      record_text(f, "id", "?"), "standards",
				      record_text(f, "standard", "?"), "status", status,
				      "status_detail", record_text(f, "observed", "?"), "status_id",
				      status_id(status)));
	json_object_set_new(o, "finding_info",
			    json_pack("{s:s, s:s++++}", "title", record_text(f, "title", "?"),
				      "uid", part_text(report, "subject", "run", "?"), "/",
				      record_text(f, "standard", "?"), "/",
				      record_text(f, "id", "?")));
	json_object_set_new(o, "remediation",
			    json_pack("{s:s}", "desc", record_text(f, "remedy", "?")));
	json_object_set_new(o, "resources",
			    json_pack("[{s:s, s:s, s:s}, {s:s, s:s}]", "name",
				      part_text(report, "policy", "name", "?"), "type", "sandbox",
				      "uid", part_text(report, "subject", "run", "?"), "name",
				      strbuf_str(&program), "type", "program"));
	json_object_set_new(o, "unmapped",
			    json_pack("{s:s, s:s, s:s, s:s*}", "evidence_level",
				      record_text(f, "level", "-"), "evidence_source",
				      record_text(f, "source", "?"), "expected",
				      record_text(f, "expected", "?"), "peaks",
				      peaks.len > 0 ? strbuf_str(&peaks) : NULL));
	return o;
}

void report_ocsf(const json_t *report, struct strbuf *out)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, f)
	{
		json_t *finding = make_finding(report, f);
		char *text = json_dumps(finding, JSON_SORT_KEYS | JSON_COMPACT);

		out->failed |= text == NULL;
		strbuf_puts(out, text ? text : "");
		strbuf_putc(out, '\n');
		free(text);
		json_decref(finding);
	}
}
