/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/activity.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/risk.h"
#include "audit/suggest.h"

#define MAKERS_MAX 20000
#define DENIED_ROOM 64 /* more processes, if something was refused to them */
#define MAKERS_DEPTH 16
#define PID_KEY_MAX 24

static void add_to(json_t *object, const char *key, int64_t n)
{
	json_object_set_new(object, key, json_integer(record_number(object, key, 0) + n));
}

static json_t *new_denial(const json_t *event, uint64_t number)
{
	cleanup_strbuf struct strbuf rule = { 0 };
	const char *call = record_text(event, "call", "?");
	struct risk risk = risk_of_call(call);
	char id[24];

	snprintf(id, sizeof(id), "d%llu", (unsigned long long)number);
	suggest_call(call, json_object_get(event, "args"), &rule);
	return json_pack("{s:s, s:I, s:s, s:O?, s:s, s:O?, s:s, s:s, s:s}", "call", call, "errno",
			 (json_int_t)record_number(event, "errno", 0), "id", id, "lineage",
			 json_object_get(event, "lineage"), "risk", risk.level, "rule",
			 json_object_get(event, "rule"), "suggest", strbuf_str(&rule), "text",
			 record_text(event, "text", "?"), "why", risk.reason);
}

/* The item of that name, or NULL; one that is new and has no room is counted. */
static json_t *item_of(struct activity_list *list, const char *name, size_t room)
{
	json_t *item = json_object_get(list->index, name);

	list->more += !item && json_array_size(list->items) >= room;
	return item;
}

static json_t *add_item(struct activity_list *list, const char *name, json_t *item)
{
	if (json_array_append(list->items, item) < 0 ||
	    json_object_set_new(list->index, name, item) < 0)
		return NULL;
	return item;
}

static bool has_room(const struct activity_list *list, size_t room)
{
	return json_array_size(list->items) < room;
}

/* Records of the same call in words are one denial; ids are those of `immure why`. */
static void take_denied(struct activity *activity, const json_t *event)
{
	struct activity_list *list = &activity->denials;
	const char *text = record_text(event, "text", "?");
	json_t *item = item_of(list, text, ACTIVITY_MAX);

	activity->n_denials++;
	if (!item && has_room(list, ACTIVITY_MAX))
		item = add_item(list, text, new_denial(event, activity->n_denials));
	if (!item)
		return;
	add_to(item, "records", 1);
	if (record_number(event, "count", 1) > record_number(item, "count", 0))
		json_object_set(item, "count", json_object_get(event, "count"));
}

static void key_of(int64_t pid, char ret[PID_KEY_MAX])
{
	snprintf(ret, PID_KEY_MAX, "%lld", (long long)pid);
}

static json_t *process_of(struct activity *activity, int64_t pid, int64_t parent, const char *name,
			  size_t room)
{
	struct activity_list *list = &activity->processes;
	json_t *item;
	char key[PID_KEY_MAX];

	key_of(pid, key);
	item = item_of(list, key, room);
	if (item || !has_room(list, room))
		return item;
	return add_item(list, key,
			json_pack("{s:I, s:s, s:I, s:I}", "denied", (json_int_t)0, "name", name,
				  "parent", (json_int_t)parent, "pid", (json_int_t)pid));
}

/* A lineage is the caller, its parent, and so on up. */
static void take_lineage(struct activity *activity, const json_t *event)
{
	const json_t *lineage = json_object_get(event, "lineage");
	size_t n = json_array_size(lineage);

	for (size_t i = n; i-- > 0;) {
		const json_t *who = json_array_get(lineage, i);
		int64_t parent =
			i + 1 < n ? record_number(json_array_get(lineage, i + 1), "pid", 0) : 0;
		json_t *process =
			process_of(activity, record_number(who, "pid", 0), parent,
				   record_text(who, "comm", "?"), ACTIVITY_MAX + DENIED_ROOM);

		if (process && i == 0)
			add_to(process, "denied", 1);
	}
}

/* A process of its own, which may never execute anything, and yet make one that does. */
static void take_fork(struct activity *activity, const json_t *event)
{
	char key[PID_KEY_MAX];

	if (record_number(event, "flags", 0) & CLONE_THREAD ||
	    json_object_size(activity->makers) >= MAKERS_MAX)
		return;
	key_of(record_number(event, "target", 0), key);
	json_object_set_new(activity->makers, key,
			    json_pack("{s:s, s:I}", "comm", record_text(event, "comm", "?"), "pid",
				      (json_int_t)record_number(event, "pid", 0)));
}

/* The makers of a process that are not listed yet, up to one that is. */
static void add_makers(struct activity *activity, int64_t pid)
{
	for (int i = 0; i < MAKERS_DEPTH; i++) {
		const json_t *maker;
		char key[PID_KEY_MAX];

		key_of(pid, key);
		maker = json_object_get(activity->makers, key);
		if (!maker || json_object_get(activity->processes.index, key))
			return;
		process_of(activity, pid, record_number(maker, "pid", 0),
			   record_text(maker, "comm", "?"), ACTIVITY_MAX);
		pid = record_number(maker, "pid", 0);
	}
}

static void take_exec(struct activity *activity, const json_t *event)
{
	const char *path = record_text(event, "path", "?");
	json_t *process;

	add_makers(activity, record_number(event, "ppid", 0));
	process = process_of(activity, record_number(event, "pid", 0),
			     record_number(event, "ppid", 0), path, ACTIVITY_MAX);

	if (!process)
		return;
	json_object_set_new(process, "name", json_string(path));
	if (json_object_get(event, "argv"))
		json_object_set(process, "argv", json_object_get(event, "argv"));
}

static void take_flow(struct activity *activity, const json_t *event)
{
	struct activity_list *list = &activity->flows;
	const char *remote = record_text(event, "remote", "?");
	json_t *flow = item_of(list, remote, ACTIVITY_MAX);

	if (!flow && has_room(list, ACTIVITY_MAX))
		flow = add_item(list, remote,
				json_pack("{s:I, s:I, s:I, s:s, s:s}", "bytes_in", (json_int_t)0,
					  "bytes_out", (json_int_t)0, "connections", (json_int_t)0,
					  "protocol", record_text(event, "protocol", "?"), "remote",
					  remote));
	if (!flow)
		return;
	add_to(flow, "bytes_in", record_number(event, "bytes_in", 0));
	add_to(flow, "bytes_out", record_number(event, "bytes_out", 0));
	add_to(flow, "connections", strcmp(record_text(event, "kind", ""), "connect") == 0);
}

static void take_named(struct activity_list *list, const char *name)
{
	json_t *item = item_of(list, name, ACTIVITY_MAX);

	if (!item && has_room(list, ACTIVITY_MAX))
		item = add_item(list, name,
				json_pack("{s:I, s:s}", "count", (json_int_t)0, "name", name));
	if (item)
		add_to(item, "count", 1);
}

/* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: opened to be written. */
static bool is_write(const json_t *event)
{
	return (record_number(event, "flags", 0) & (01 | 02 | 0100 | 01000)) != 0 &&
	       !record_has_failed(event);
}

/* Microseconds since 1970 of "2026-01-02T03:04:05.678901234Z"; 0 if it is none. */
static int64_t time_of(const json_t *event)
{
	const char *t = record_text(event, "time", "");
	struct tm tm = { 0 };
	int64_t us = 0;

	if (strlen(t) != 30 || strptime(t, "%Y-%m-%dT%H:%M:%S", &tm) != t + 19)
		return 0;
	for (size_t i = 20; i < 26; i++)
		us = us * 10 + (t[i] >= '0' && t[i] <= '9' ? t[i] - '0' : 0);
	return timegm(&tm) * INT64_C(1000000) + us;
}

/* A lane that is full keeps every second of its marks. */
static void thin_out(struct activity_lane *lane)
{
	lane->n_marks /= 2;
	lane->step *= 2;
	for (size_t i = 0; i < lane->n_marks; i++)
		lane->marks[i] = lane->marks[2 * i];
}

static void take_time(struct activity *activity, int kind, const json_t *event)
{
	struct activity_lane *lane;
	int64_t us;

	if (kind < 0 || !activity->lanes)
		return;
	lane = &activity->lanes[kind];
	if (lane->n++ % lane->step != 0)
		return;
	us = time_of(event);
	if (activity->start_us == 0)
		activity->start_us = us;
	if (lane->n_marks == ACTIVITY_MARKS_MAX)
		thin_out(lane);
	if ((lane->n - 1) % lane->step == 0)
		lane->marks[lane->n_marks++] =
			us > activity->start_us ? us - activity->start_us : 0;
}

void activity_init(struct activity *activity)
{
	struct activity_list *lists[] = { &activity->denials,   &activity->flows,
					  &activity->listeners, &activity->names,
					  &activity->processes, &activity->written };

	*activity = (struct activity){ .calls = json_object(),
				       .makers = json_object(),
				       .lanes = calloc(RECORD_KIND_COUNT,
						       sizeof(struct activity_lane)) };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		*lists[i] = (struct activity_list){ json_array(), json_object(), 0 };
	for (int i = 0; activity->lanes && i < RECORD_KIND_COUNT; i++)
		activity->lanes[i].step = 1;
}

void activity_take(struct activity *activity, json_t *event)
{
	int kind = record_kind_find(record_text(event, "kind", ""));

	take_time(activity, kind, event);
	switch (kind) {
	case RECORD_DENIED:
	case RECORD_WOULD_DENY:
		take_denied(activity, event);
		take_lineage(activity, event);
		break;
	case RECORD_FORK:
		take_fork(activity, event);
		break;
	case RECORD_EXEC:
		take_exec(activity, event);
		break;
	case RECORD_CONNECT:
	case RECORD_FLOW:
		take_flow(activity, event);
		break;
	case RECORD_LISTEN:
		if (!record_has_failed(event))
			take_named(&activity->listeners, record_text(event, "local", "?"));
		break;
	case RECORD_DNS:
		take_named(&activity->names, record_text(event, "name", "?"));
		break;
	case RECORD_OPEN:
		if (is_write(event))
			take_named(&activity->written, record_text(event, "path", "?"));
		break;
	case RECORD_COUNTS:
		json_object_set(activity->calls, record_text(event, "call", "?"),
				json_object_get(event, "count"));
		break;
	default:
		break;
	}
}

struct mark {
	int kind;
	int64_t us;
};

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a;
	const struct mark *y = b;

	if (x->us != y->us)
		return x->us < y->us ? -1 : 1;
	return x->kind - y->kind;
}

/* Sums of calls are written at the end, and say nothing of when. */
static json_t *timeline_json(const struct activity *activity)
{
	const size_t room = (size_t)RECORD_KIND_COUNT * ACTIVITY_MARKS_MAX;
	cleanup_free struct mark *marks = calloc(room, sizeof(*marks));
	json_t *list = json_array();
	size_t n = 0;

	for (int kind = 0; marks && kind < RECORD_KIND_COUNT; kind++) {
		const struct activity_lane *lane = &activity->lanes[kind];

		for (size_t i = 0; kind != RECORD_COUNTS && i < lane->n_marks; i++)
			marks[n++] = (struct mark){ kind, lane->marks[i] };
	}
	if (marks)
		qsort(marks, n, sizeof(*marks), by_time);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:I}", "kind",
						record_kind_name((enum record_kind)marks[i].kind),
						"us", (json_int_t)marks[i].us));
	return list;
}

static json_t *kinds_json(const struct activity *activity)
{
	json_t *kinds = json_object();

	for (int i = 0; i < RECORD_KIND_COUNT; i++) {
		if (activity->lanes[i].n > 0)
			json_object_set_new(kinds, record_kind_name((enum record_kind)i),
					    json_integer((json_int_t)activity->lanes[i].n));
	}
	return kinds;
}

static json_t *more_json(const struct activity *activity)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I}", "denials", (json_int_t)activity->denials.more,
		"flows", (json_int_t)activity->flows.more, "listeners",
		(json_int_t)activity->listeners.more, "names", (json_int_t)activity->names.more,
		"processes", (json_int_t)activity->processes.more, "written",
		(json_int_t)activity->written.more);
}

/* What the supervisor was told when all had ended; null where that does not tell of all of them. */
static json_t *usage_json(const json_t *sealed)
{
	const json_t *usage = json_object_get(sealed, "usage");

	if (!json_is_object(usage))
		return json_null();
	return json_pack("{s:I, s:s, s:I, s:I}", "largest_process_kib",
			 (json_int_t)record_number(usage, "largest_kib", 0), "level", "E3",
			 "system_us", (json_int_t)record_number(usage, "system_us", 0), "user_us",
			 (json_int_t)record_number(usage, "user_us", 0));
}

json_t *activity_json(const struct activity *activity, const struct run_record *record)
{
	const char *cgroup = record_text(record->evidence, "cgroup_limits", NULL);
	json_int_t denied = record_number(record->status, "denied", 0);
	json_int_t would_be = record_number(record->status, "would_deny", 0);

	if (!activity->lanes)
		return NULL;
	return json_pack("{s:O, s:I, s:O, s:O, s:o, s:O, s:o, s:O, s:{s:o, s:o}, s:O, s:o, s:O}",
			 "calls", activity->calls, "denied", denied + would_be, "denials",
			 activity->denials.items, "flows", activity->flows.items, "kinds",
			 kinds_json(activity), "listeners", activity->listeners.items, "more",
			 more_json(activity), "names", activity->names.items, "peaks", "cgroup",
			 cgroup ? json_string(cgroup) : json_null(), "usage",
			 usage_json(record->last), "processes", activity->processes.items,
			 "timeline", timeline_json(activity), "written", activity->written.items);
}

static void list_done(struct activity_list *list)
{
	json_decref(list->items);
	json_decref(list->index);
}

void activity_done(struct activity *activity)
{
	list_done(&activity->denials);
	list_done(&activity->flows);
	list_done(&activity->listeners);
	list_done(&activity->names);
	list_done(&activity->processes);
	list_done(&activity->written);
	json_decref(activity->calls);
	json_decref(activity->makers);
	free(activity->lanes);
}
