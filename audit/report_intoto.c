/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An in-toto statement with the predicate for test results: what was judged, and which controls
 * passed. It is signed as a DSSE envelope. Source: in-toto attestation framework 1.0, Statement v1,
 * test-result v0.1.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/report_parts.h"

static const char *result_of(const json_t *report)
{
	const char *verdict = report_verdict(report);

	return strcmp(verdict, "pass") == 0         ? "PASSED"
	       : strcmp(verdict, "not-proven") == 0 ? "WARNED"
						    : "FAILED";
}

static json_t *subject(const char *kind, const char *name, const char *sha256)
{
	return json_pack("{s:{s:s}, s:s++}", "digest", "sha256", sha256, "name", kind, " ", name);
}

/* The report in its JSON form is a subject, too: its digest ties it to the signature. */
static json_t *make_subjects(const json_t *report)
{
	char *text = json_dumps(report, JSON_SORT_KEYS | JSON_INDENT(1));
	char hex[DIGEST_HEX_LEN] = "";
	cleanup_strbuf struct strbuf file = { 0 };
	const json_t *exe = json_object_get(json_object_get(report, "subject"), "exe");
	const json_t *of = json_object_get(json_object_get(report, "subject"), "image");
	const char *program = record_text(exe, "sha256", NULL);
	const char *image = record_text(of, "digest", "");
	struct digest digest;
	json_t *list;

	strbuf_puts(&file, text ? text : "");
	strbuf_putc(&file, '\n');
	free(text);
	digest = digest_of(file.p, file.len);
	digest_hex(&digest, hex);
	list = json_pack("[o, o, o]",
			 subject("run", part_text(report, "subject", "run", "?"),
				 part_text(report, "completeness", "head", "")),
			 subject("policy", part_text(report, "policy", "name", "?"),
				 part_text(report, "policy", "digest", "")),
			 subject("report", record_text(report, "report_id", "?"), hex));
	if (program)
		json_array_append_new(list,
				      subject("program", record_text(exe, "path", "?"), program));
	if (strncmp(image, "sha256:", 7) == 0)
		json_array_append_new(
			list, subject("image", record_text(of, "reference", "?"), image + 7));
	return list;
}

static json_t *names_with(const json_t *report, const char *status)
{
	json_t *names = json_array();
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, f)
	{
		if (strcmp(record_text(f, "status", ""), status) == 0)
			json_array_append_new(names,
					      json_sprintf("%s/%s", record_text(f, "standard", "?"),
							   record_text(f, "id", "?")));
	}
	return names;
}

static json_t *make_configuration(const json_t *report)
{
	json_t *list = json_array();
	const json_t *standard;
	size_t i;

	json_array_foreach(json_object_get(report, "standards"), i, standard) json_array_append_new(
		list, json_pack("{s:s}", "name", record_text(standard, "name", "?")));
	return list;
}

void report_intoto(const json_t *report, struct strbuf *out)
{
	put_json(out,
		 json_pack("{s:s, s:{s:o, s:o, s:o, s:s, s:o}, s:s, s:o}", "_type",
			   "https://in-toto.io/Statement/v1", "predicate", "configuration",
			   make_configuration(report), "failedTests", names_with(report, "fail"),
			   "passedTests", names_with(report, "pass"), "result", result_of(report),
			   "warnedTests", names_with(report, "not-proven"), "predicateType",
			   "https://in-toto.io/attestation/test-result/v0.1", "subject",
			   make_subjects(report)));
}
