/* SPDX-License-Identifier: Apache-2.0 */
/* What a run did, gathered from its events: for every format that tells of it. */
#include <string.h>

#include "audit/report.h"
#include "audit/risk.h"
#include "audit/suggest.h"

#define ACTIVITY_MAX 500 /* of each list; the events have them all */

static json_t *find_by(json_t *list, const char *key, const char *value)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (strcmp(record_text(item, key, ""), value) == 0)
			return item;
	}
	return NULL;
}

static void add_to(json_t *object, const char *key, int64_t n)
{
	json_object_set_new(object, key, json_integer(record_number(object, key, 0) + n));
}

static json_t *new_denial(const json_t *event, json_int_t number)
{
	cleanup_strbuf struct strbuf rule = { 0 };
	const char *call = record_text(event, "call", "?");
	struct risk risk = risk_of_call(call);
	char id[24];

	snprintf(id, sizeof(id), "d%lld", (long long)number);
	suggest_call(call, json_object_get(event, "args"), &rule);
	return json_pack("{s:s, s:I, s:s, s:O?, s:s, s:O?, s:s, s:s, s:s}", "call", call, "errno",
			 (json_int_t)record_number(event, "errno", 0), "id", id, "lineage",
			 json_object_get(event, "lineage"), "risk", risk.level, "rule",
			 json_object_get(event, "rule"), "suggest", strbuf_str(&rule), "text",
			 record_text(event, "text", "?"), "why", risk.reason);
}

/* Records of the same call in words are one denial; ids are those of `immure why`. */
static void take_denied(json_t *activity, const json_t *event, json_int_t number)
{
	json_t *list = json_object_get(activity, "denials");
	json_t *old = find_by(list, "text", record_text(event, "text", "?"));

	if (!old && json_array_size(list) < ACTIVITY_MAX) {
		old = new_denial(event, number);
		json_array_append_new(list, old);
	}
	if (old)
		add_to(old, "records", 1);
	if (old && record_number(event, "count", 1) > record_number(old, "count", 0))
		json_object_set(old, "count", json_object_get(event, "count"));
}

static json_t *process_of(json_t *activity, int64_t pid, int64_t parent, const char *name)
{
	json_t *list = json_object_get(activity, "processes");
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (record_number(item, "pid", -1) == pid)
			return item;
	}
	if (json_array_size(list) >= ACTIVITY_MAX)
		return NULL;
	item = json_pack("{s:I, s:s, s:I, s:I}", "denied", (json_int_t)0, "name", name, "parent",
			 (json_int_t)parent, "pid", (json_int_t)pid);
	json_array_append_new(list, item);
	return item;
}

/* A lineage is the caller, its parent, and so on up. */
static void take_lineage(json_t *activity, const json_t *event)
{
	const json_t *lineage = json_object_get(event, "lineage");
	size_t n = json_array_size(lineage);

	for (size_t i = n; i-- > 0;) {
		const json_t *who = json_array_get(lineage, i);
		int64_t parent =
			i + 1 < n ? record_number(json_array_get(lineage, i + 1), "pid", 0) : 0;
		json_t *process = process_of(activity, record_number(who, "pid", 0), parent,
					     record_text(who, "comm", "?"));

		if (process && i == 0)
			add_to(process, "denied", 1);
	}
}

static void take_exec(json_t *activity, const json_t *event)
{
	const char *path = record_text(event, "path", "?");
	json_t *process = process_of(activity, record_number(event, "pid", 0),
				     record_number(event, "ppid", 0), path);

	if (!process)
		return;
	json_object_set_new(process, "name", json_string(path));
	if (json_object_get(event, "argv"))
		json_object_set(process, "argv", json_object_get(event, "argv"));
}

static void take_flow(json_t *activity, const json_t *event)
{
	json_t *list = json_object_get(activity, "flows");
	const char *remote = record_text(event, "remote", "?");
	json_t *flow = find_by(list, "remote", remote);

	if (!flow && json_array_size(list) < ACTIVITY_MAX) {
		flow = json_pack("{s:I, s:I, s:I, s:s, s:s}", "bytes_in", (json_int_t)0,
				 "bytes_out", (json_int_t)0, "connections", (json_int_t)0,
				 "protocol", record_text(event, "protocol", "?"), "remote", remote);
		json_array_append_new(list, flow);
	}
	if (!flow)
		return;
	add_to(flow, "bytes_in", record_number(event, "bytes_in", 0));
	add_to(flow, "bytes_out", record_number(event, "bytes_out", 0));
	add_to(flow, "connections", strcmp(record_text(event, "kind", ""), "connect") == 0);
}

static void take_named(json_t *activity, const char *list_name, const char *value)
{
	json_t *list = json_object_get(activity, list_name);
	json_t *item = find_by(list, "name", value);

	if (!item && json_array_size(list) < ACTIVITY_MAX) {
		item = json_pack("{s:I, s:s}", "count", (json_int_t)0, "name", value);
		json_array_append_new(list, item);
	}
	if (item)
		add_to(item, "count", 1);
}

/* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: opened to be written. */
static bool is_write(const json_t *event)
{
	return (record_number(event, "flags", 0) & (01 | 02 | 0100 | 01000)) != 0;
}

static void take_event(json_t *activity, const json_t *event, json_int_t *denials)
{
	const char *kind = record_text(event, "kind", "");

	if (event_is_refusal(event)) {
		take_denied(activity, event, ++*denials);
		take_lineage(activity, event);
	} else if (strcmp(kind, "exec") == 0) {
		take_exec(activity, event);
	} else if (strcmp(kind, "connect") == 0 || strcmp(kind, "flow") == 0) {
		take_flow(activity, event);
	} else if (strcmp(kind, "listen") == 0) {
		take_named(activity, "listeners", record_text(event, "local", "?"));
	} else if (strcmp(kind, "dns") == 0) {
		take_named(activity, "names", record_text(event, "name", "?"));
	} else if (strcmp(kind, "open") == 0 && is_write(event)) {
		take_named(activity, "written", record_text(event, "path", "?"));
	} else if (strcmp(kind, "counts") == 0) {
		json_object_set(json_object_get(activity, "calls"), record_text(event, "call", "?"),
				json_object_get(event, "count"));
	}
}

/* Nanoseconds since midnight of "2026-01-02T03:04:05.678901234Z"; a run over midnight wraps. */
static int64_t time_of(const json_t *event)
{
	const char *t = record_text(event, "time", "");
	int64_t ns = 0;
	int h, m, s;

	if (strlen(t) != 30 || sscanf(t + 11, "%2d:%2d:%2d", &h, &m, &s) != 3) /* NOLINT: digits */
		return 0;
	for (size_t i = 20; i < 29; i++)
		ns = ns * 10 + (t[i] >= '0' && t[i] <= '9' ? t[i] - '0' : 0);
	return ((h * INT64_C(60) + m) * 60 + s) * 1000000000 + ns;
}

/* When each event was, in microseconds from the first: for a time line. */
static void take_times(json_t *activity, const json_t *events)
{
	json_t *list = json_object_get(activity, "timeline");
	int64_t start = time_of(json_array_get(events, 0));
	size_t n = json_array_size(events);
	size_t step = n / ACTIVITY_MAX + 1;
	const int64_t day = INT64_C(86400) * 1000000000;

	for (size_t i = 0; i < n; i += step) {
		const json_t *event = json_array_get(events, i);
		int64_t t = (time_of(event) - start + day) % day;

		if (strcmp(record_text(event, "kind", ""), "counts") == 0)
			continue; /* sums, written at the end */
		json_array_append_new(list, json_pack("{s:s, s:I}", "kind",
						      record_text(event, "kind", "?"), "us",
						      (json_int_t)(t / 1000)));
	}
}

json_t *report_activity(const struct run_record *record)
{
	const char *cgroup = record_text(record->evidence, "cgroup_limits", NULL);
	json_int_t denied = record_number(record->status, "denied", 0);
	json_int_t would_be = record_number(record->status, "would_deny", 0);
	json_t *activity = json_pack(
		"{s:{}, s:I, s:[], s:[], s:[], s:[], s:{s:o, s:I}, s:[], s:[], s:[]}", "calls",
		"denied", denied + would_be, "denials", "flows", "listeners", "names", "peaks",
		"cgroup", cgroup ? json_string(cgroup) : json_null(), "vm_hwm_kib",
		(json_int_t)record_number(json_object_get(record->evidence, "status"), "vm_hwm_kib",
					  0),
		"processes", "timeline", "written");
	json_int_t denials = 0;
	const json_t *event;
	size_t i;

	json_array_foreach(record->events, i, event) take_event(activity, event, &denials);
	take_times(activity, record->events);
	return activity;
}
