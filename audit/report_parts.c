/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report_parts.h"

#include <string.h>

const char *part_text(const json_t *report, const char *part, const char *key, const char *absent)
{
	return record_text(json_object_get(report, part), key, absent);
}

int64_t part_number(const json_t *report, const char *part, const char *key, int64_t absent)
{
	return record_number(json_object_get(report, part), key, absent);
}

void put_escaped(struct strbuf *out, const char *text)
{
	strbuf_escaped(out, text, strlen(text));
}

const char *report_verdict(const json_t *report)
{
	const struct gate gate = { .fail_on = SEVERITY_LOW };

	switch (report_gate(report, &gate)) {
	case GATE_BROKEN:
		return "broken";
	case GATE_FINDINGS:
		return "fail";
	case GATE_NOT_PROVEN:
		return "not-proven";
	case GATE_PASS:
		break;
	}
	return "pass";
}

bool is_about_host(const json_t *report)
{
	return strcmp(part_text(report, "subject", "run", ""), "host") == 0 &&
	       part_number(report, "completeness", "records", 0) == 0;
}

void put_control(struct strbuf *out, const json_t *finding)
{
	put_escaped(out, record_text(finding, "prefix", "?"));
	strbuf_putc(out, ' ');
	put_escaped(out, record_text(finding, "id", "?"));
}

void put_place(struct strbuf *out, const json_t *place)
{
	int64_t line = record_number(place, "line", 0);

	if (!json_is_object(place))
		return;
	put_escaped(out, record_text(place, "file", "?"));
	if (line > 0) {
		strbuf_addf(out, ":%lld", (long long)line);
	} else {
		strbuf_putc(out, ' ');
		put_escaped(out, record_text(place, "rule", ""));
	}
}

void command_text(const json_t *report, struct strbuf *out)
{
	const json_t *arg;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(report, "subject"), "argv"), i, arg)
	{
		if (i > 0)
			strbuf_putc(out, ' ');
		strbuf_puts(out, json_string_value(arg) ? json_string_value(arg) : "?");
	}
}

void put_command(struct strbuf *out, const json_t *report)
{
	cleanup_strbuf struct strbuf text = { 0 };

	command_text(report, &text);
	put_escaped(out, strbuf_str(&text));
}

void program_text(const json_t *report, struct strbuf *out)
{
	const json_t *exe = json_object_get(json_object_get(report, "subject"), "exe");
	const char *sha256 = record_text(exe, "sha256", NULL);

	strbuf_addf(out, "%s ", record_text(exe, "path", "unknown,"));
	if (sha256)
		strbuf_addf(out, "sha256:%s%s", sha256,
			    strcmp(record_text(exe, "level", "E3"), "E3") == 0
				    ? ""
				    : " (of the file of that name when it was started)");
	else
		strbuf_addf(out, "no digest: %s",
			    record_text(exe, "sha256_absent", "it was not looked at"));
}

void put_bytes(struct strbuf *out, int64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	strbuf_addf(out, "%.*f %s", unit > 0 ? 1 : 0, value, units[unit]);
}

/* "memory.peak 12345" in the lines that were read of the cgroup; -1 if it is not there. */
static int64_t cgroup_number(const char *lines, const char *name)
{
	struct span rest = span_of(lines);

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		uint64_t number = 0;

		if (span_eq(span_cut(&line, ' '), name) && span_u64(line, INT64_MAX, &number) == 0)
			return (int64_t)number;
	}
	return -1;
}

void peaks_text(const json_t *report, struct strbuf *out)
{
	const json_t *peaks = json_object_get(json_object_get(report, "activity"), "peaks");
	const json_t *usage = json_object_get(peaks, "usage");
	const char *cgroup = record_text(peaks, "cgroup", "");
	int64_t memory = cgroup_number(cgroup, "memory.peak");
	int64_t tasks = cgroup_number(cgroup, "pids.peak");
	int64_t us = record_number(usage, "user_us", 0) + record_number(usage, "system_us", 0);

	if (memory >= 0) {
		strbuf_puts(out, "memory of all together ");
		put_bytes(out, memory);
		strbuf_puts(out, ", ");
	}
	if (tasks >= 0)
		strbuf_addf(out, "%lld tasks at a time, ", (long long)tasks);
	if (json_is_object(usage)) {
		strbuf_puts(out, "of processes that had ended: the largest ");
		put_bytes(out, record_number(usage, "largest_process_kib", 0) * 1024);
		strbuf_addf(out, ", processor time %.3f s, ", (double)us / 1e6);
	}
	if (memory >= 0 || tasks >= 0 || json_is_object(usage))
		strbuf_puts(out, "E3");
}

void policy_text(const json_t *report, struct strbuf *out)
{
	const json_t *policy = json_object_get(report, "policy");
	const json_t *signature = json_object_get(policy, "signature");
	const char *state = record_text(signature, "state", "");

	strbuf_puts(out, record_text(policy, "name", "?"));
	if (!json_is_object(signature))
		return;
	strbuf_addf(out, " (signed: %s", record_text(signature, "key", "?"));
	if (strcmp(state, "ok") != 0)
		strbuf_addf(out, ", %s", state);
	strbuf_putc(out, ')');
}

void put_xml(struct strbuf *out, const char *text)
{
	cleanup_strbuf struct strbuf safe = { 0 };

	put_escaped(&safe, text);
	for (const char *p = strbuf_str(&safe); *p; p++) {
		if (strchr("<>&\"'", *p))
			strbuf_addf(out, "&#%d;", *p);
		else
			strbuf_putc(out, *p);
	}
	out->failed |= safe.failed;
}

void put_json(struct strbuf *out, json_t *take_json)
{
	char *text = take_json ? json_dumps(take_json, JSON_SORT_KEYS | JSON_INDENT(1)) : NULL;

	out->failed |= text == NULL;
	strbuf_puts(out, text ? text : "");
	strbuf_putc(out, '\n');
	free(text);
	json_decref(take_json);
}

int finding_rank(const json_t *finding)
{
	static const char *const order[] = { "fail", "not-proven", "manual", "waived" };
	int severity = severity_find(record_text(finding, "severity", ""));

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (strcmp(record_text(finding, "status", ""), order[i]) == 0)
			return (int)i * SEVERITY_COUNT + SEVERITY_CRITICAL - severity;
	}
	return -1;
}

#define NAMES_MAX 60 /* of each list on the page; the report as JSON has more */

void html_names(const json_t *activity, const char *key, const char *title, struct strbuf *out)
{
	const json_t *list = json_object_get(activity, key);
	size_t n = json_array_size(list);
	int64_t more = record_number(json_object_get(activity, "more"), key, 0);
	const json_t *item;
	size_t i;

	if (n == 0)
		return;
	strbuf_addf(out, "<h3>%s</h3>\n<ul class=\"names\">", title);
	json_array_foreach(list, i, item)
	{
		if (i == NAMES_MAX)
			break;
		strbuf_puts(out, "<li>");
		put_xml(out, record_text(item, "name", "?"));
		strbuf_addf(out, " <span class=\"soft\">%lld</span></li>\n",
			    (long long)record_number(item, "count", 0));
	}
	strbuf_puts(out, "</ul>\n");
	if (n > NAMES_MAX)
		strbuf_addf(out, "<p class=\"soft\">… and %zu more", n - NAMES_MAX);
	if (n > NAMES_MAX && more > 0)
		strbuf_addf(out, ", and %lld events about others", (long long)more);
	if (n > NAMES_MAX)
		strbuf_puts(out, ".</p>\n");
}
