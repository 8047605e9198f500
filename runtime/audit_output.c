/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_output.h"

#include <string.h>
#include <unistd.h>

#include "audit/report.h"
#include "base/fd.h"
#include "runtime/audit_sign.h"
#include "runtime/verb_policy.h"

#define INTOTO_TYPE "application/vnd.in-toto+json"

static void render_json(const json_t *report, struct strbuf *out)
{
	char *text = json_dumps(report, JSON_SORT_KEYS | JSON_INDENT(1));

	if (!text)
		out->failed = true;
	strbuf_puts(out, text ? text : "");
	strbuf_putc(out, '\n');
	free(text);
}

/* The first ending that fits decides. */
static const struct format {
	const char *name;
	const char *ending;
	void (*render)(const json_t *report, struct strbuf *out);
} formats[] = {
	/* clang-format off */
	{ "text",     ".txt",           report_text },
	{ "intoto",   ".intoto.json",   report_intoto },
	{ "intoto",   ".intoto.jsonl",  report_intoto },
	{ "intoto",   ".dsse.json",     report_intoto },
	{ "sarif",    ".sarif",         report_sarif },
	{ "sarif",    ".sarif.json",    report_sarif },
	{ "ocsf",     ".ocsf.json",     report_ocsf },
	{ "ocsf",     ".ocsf.jsonl",    report_ocsf },
	{ "json",     ".json",          render_json },
	{ "junit",    ".xml",           report_junit },
	{ "csv",      ".csv",           report_csv },
	{ "markdown", ".md",            report_markdown },
	{ "html",     ".html",          report_html },
	/* clang-format on */
};

static const struct format *by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

static bool ends_with(const char *file, const char *ending)
{
	size_t n = strlen(file);
	size_t k = strlen(ending);

	return n > k && strcmp(file + n - k, ending) == 0;
}

static const struct format *by_ending(const char *file)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (ends_with(file, formats[i].ending))
			return &formats[i];
	}
	return NULL;
}

static const struct format *format_of(const char *file, const char *format)
{
	const struct format *found = strcmp(file, "-") == 0 ? NULL : by_ending(file);

	if (!found && (format || strcmp(file, "-") == 0))
		found = by_name(format ? format : "text");
	return found;
}

int audit_output_check(const struct opt_list *outputs, const char *format, struct err *err)
{
	if (format && !by_name(format)) {
		err_set(err, EINVAL, "--format %.20s: expected one of " AUDIT_FORMATS, format);
		return err_at(err, ERR_USAGE);
	}
	for (size_t i = 0; i < outputs->n; i++) {
		if (format_of(outputs->items[i], format))
			continue;
		err_set(err, EINVAL, "--output %.60s: its ending names no format; add --format%s",
			outputs->items[i],
			ends_with(outputs->items[i], ".jsonl")
				? ", or use 'immure audit export' for the events"
				: "");
		return err_at(err, ERR_USAGE);
	}
	return 0;
}

static int write_one(const json_t *report, const char *file, const struct format *format,
		     struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf envelope = { 0 };
	const struct strbuf *written = &text;
	const char *key_id = NULL;
	int r;

	format->render(report, &text);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (format->render == report_intoto) {
		r = audit_envelope(INTOTO_TYPE, &text, NULL, arena, &envelope, &key_id, err);
		if (r < 0)
			return r;
		written = &envelope;
	}
	if (strcmp(file, "-") != 0) {
		r = policy_write_file(file, written->p, written->len, arena, err);
		if (r == 0)
			return 0;
		err_wrap(err, "--output %.80s", file);
		return err_at(err, ERR_USAGE);
	}
	r = fd_write_all(STDOUT_FILENO, written->p, written->len);
	return r < 0 ? err_sys(err, -r, "cannot write the report") : 0;
}

int audit_output(const json_t *report, const struct opt_list *outputs, const char *format,
		 struct arena *arena, struct err *err)
{
	int r = audit_output_check(outputs, format, err);

	for (size_t i = 0; r == 0 && i < outputs->n; i++)
		r = write_one(report, outputs->items[i], format_of(outputs->items[i], format),
			      arena, err);
	if (r == 0 && outputs->n == 0)
		r = write_one(report, "-", format_of("-", format), arena, err);
	return r;
}
