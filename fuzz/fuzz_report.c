/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever a report holds, SARIF and OCSF are JSON, and no format holds a control byte:
 * nothing in a record can move a cursor, end an attribute or begin a tag.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/report.h"
#include "audit/report_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_json(const char *text, size_t n)
{
	json_t *json = json_loadb(text, n, JSON_ALLOW_NUL, NULL);

	if (!json)
		abort();
	json_decref(json);
}

static void check(const json_t *report, void (*render)(const json_t *, struct strbuf *))
{
	bool is_json = render == report_sarif || render == report_ocsf || render == report_intoto;
	cleanup_strbuf struct strbuf out = { 0 };

	render(report, &out);
	if (out.failed)
		return;
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.p[i];

		/* JSON may hold DEL as it is. */
		if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || (c == 0x7f && !is_json))
			abort();
	}
	if (is_json && render != report_ocsf)
		must_be_json(out.p, out.len);
	for (struct span rest = { out.p, out.len }; render == report_ocsf && rest.n > 0;) {
		struct span line = span_cut(&rest, '\n');

		must_be_json(line.p, line.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gate gate = { .fail_on = SEVERITY_LOW };
	json_t *diff;
	json_t *report = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (!report)
		return 0;
	check(report, report_text);
	check(report, report_sarif);
	check(report, report_junit);
	check(report, report_csv);
	check(report, report_markdown);
	check(report, report_ocsf);
	check(report, report_html);
	check(report, report_intoto);
	(void)report_gate(report, &gate);
	/* As its own baseline it has nothing new, nor is it different from itself. */
	gate.baseline = report;
	(void)report_gate(report, &gate);
	diff = report_diff(report, report);
	if (diff && (json_array_size(json_object_get(diff, "new")) > 0 ||
		     json_array_size(json_object_get(diff, "worse")) > 0))
		abort();
	json_decref(diff);
	json_decref(report);
	return 0;
}
