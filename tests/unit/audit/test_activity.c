/* SPDX-License-Identifier: Apache-2.0 */
/* What a run did is gathered whole where it is little, and bounded and counted where it is much. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/activity.h"

static void take(struct activity *activity, const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	assert_non_null(event);
	activity_take(activity, event);
	json_decref(event);
}

static json_t *made(const struct activity *activity)
{
	const struct run_record record = { 0 };
	json_t *json = activity_json(activity, &record);

	assert_non_null(json);
	return json;
}

static void little_is_told_whole(void **state)
{
	struct activity activity;
	json_t *json;

	(void)state;
	activity_init(&activity);
	take(&activity, "{\"kind\":\"start\",\"time\":\"2026-12-31T23:59:59.500000000Z\"}");
	take(&activity, "{\"kind\":\"open\",\"flags\":577,\"path\":\"/w/1\","
			"\"time\":\"2027-01-01T00:00:00.500000000Z\"}");
	take(&activity, "{\"kind\":\"open\",\"flags\":0,\"path\":\"/r/1\"}");
	take(&activity, "{\"kind\":\"denied\",\"call\":\"bpf\",\"text\":\"bpf(1)\",\"count\":7}");
	take(&activity, "{\"kind\":\"denied\",\"call\":\"bpf\",\"text\":\"bpf(1)\",\"count\":9}");
	json = made(&activity);
	assert_int_equal(json_array_size(json_object_get(json, "written")), 1);
	assert_int_equal(json_array_size(json_object_get(json, "denials")), 1);
	assert_int_equal(
		record_number(json_array_get(json_object_get(json, "denials"), 0), "count", 0), 9);
	assert_int_equal(record_number(json_object_get(json, "kinds"), "open", 0), 2);
	assert_int_equal(record_number(json_object_get(json, "more"), "written", -1), 0);
	/* A second later, though the day and the year are others. */
	assert_int_equal(json_array_size(json_object_get(json, "timeline")), 5);
	assert_int_equal(
		record_number(json_array_get(json_object_get(json, "timeline"), 4), "us", 0),
		1000000);
	json_decref(json);
	activity_done(&activity);
}

static void what_failed_wrote_nothing_and_listens_nowhere(void **state)
{
	struct activity activity;
	json_t *json;

	(void)state;
	activity_init(&activity);
	take(&activity, "{\"kind\":\"open\",\"flags\":577,\"path\":\"/r/1\"}");
	take(&activity, "{\"kind\":\"open\",\"flags\":577,\"path\":\"/r/2\",\"errno\":30}");
	take(&activity, "{\"kind\":\"listen\",\"local\":\"[::1]:1\"}");
	take(&activity, "{\"kind\":\"listen\",\"local\":\"[::1]:2\",\"errno\":95}");
	json = made(&activity);
	assert_int_equal(json_array_size(json_object_get(json, "written")), 1);
	assert_int_equal(json_array_size(json_object_get(json, "listeners")), 1);
	json_decref(json);
	activity_done(&activity);
}

/* Told by the sealed record alone; what is not there is not zero. */
static void peaks_are_those_of_the_seal(void **state)
{
	struct run_record record = { .last = json_loads("{\"kind\":\"sealed\",\"usage\":{"
							"\"largest_kib\":2048,\"system_us\":5,"
							"\"user_us\":7}}",
							0, NULL) };
	struct activity activity;
	const json_t *usage;
	json_t *json;

	(void)state;
	activity_init(&activity);
	json = activity_json(&activity, &record);
	usage = json_object_get(json_object_get(json, "peaks"), "usage");
	assert_int_equal(record_number(usage, "largest_process_kib", 0), 2048);
	assert_int_equal(record_number(usage, "user_us", 0), 7);
	assert_int_equal(record_number(usage, "system_us", 0), 5);
	assert_string_equal(record_text(usage, "level", ""), "E3");
	json_decref(json);
	json_object_del(record.last, "usage");
	json = activity_json(&activity, &record);
	usage = json_object_get(json_object_get(json, "peaks"), "usage");
	assert_true(json_is_null(usage));
	json_decref(json);
	json_decref(record.last);
	activity_done(&activity);
}

/* A full list has room left for those that something was refused to. */
static void who_was_refused_something_is_listed_after_a_thousand_others(void **state)
{
	struct activity activity;
	const json_t *processes;
	json_t *json;

	(void)state;
	activity_init(&activity);
	for (int pid = 1; pid <= 1000; pid++) {
		char event[100];

		snprintf(event, sizeof(event),
			 "{\"kind\":\"exec\",\"pid\":%d,\"ppid\":0,\"path\":\"/bin/x\"}", pid);
		take(&activity, event);
	}
	for (int pid = 2001; pid <= 2100; pid++) {
		char event[160];

		snprintf(event, sizeof(event),
			 "{\"kind\":\"denied\",\"call\":\"bpf\",\"text\":\"bpf(1)\","
			 "\"lineage\":[{\"comm\":\"x\",\"pid\":%d}]}",
			 pid);
		take(&activity, event);
	}
	json = made(&activity);
	processes = json_object_get(json, "processes");
	assert_int_equal(json_array_size(processes), ACTIVITY_MAX + 64);
	assert_int_equal(record_number(json_array_get(processes, ACTIVITY_MAX), "pid", 0), 2001);
	assert_int_equal(record_number(json_array_get(processes, ACTIVITY_MAX), "denied", 0), 1);
	/* What is left out is counted: of the programs, and of the refused. */
	assert_int_equal(record_number(json_object_get(json, "more"), "processes", 0),
			 1000 - ACTIVITY_MAX + 100 - 64);
	json_decref(json);
	activity_done(&activity);
}

/* A shell's "( ... )" executes nothing itself. */
static void a_process_between_two_programs_is_in_the_tree(void **state)
{
	struct activity activity;
	const json_t *processes;
	json_t *json;

	(void)state;
	activity_init(&activity);
	take(&activity, "{\"kind\":\"exec\",\"pid\":10,\"ppid\":1,\"path\":\"/bin/sh\"}");
	take(&activity, "{\"kind\":\"fork\",\"pid\":10,\"target\":11,\"comm\":\"sh\"}");
	take(&activity, "{\"kind\":\"fork\",\"pid\":10,\"target\":99,\"comm\":\"sh\"}");
	take(&activity, "{\"kind\":\"fork\",\"pid\":11,\"target\":12,\"comm\":\"sh\"}");
	take(&activity, "{\"kind\":\"fork\",\"pid\":11,\"target\":13,\"flags\":65536}");
	take(&activity, "{\"kind\":\"exec\",\"pid\":12,\"ppid\":11,\"path\":\"/bin/sleep\"}");
	json = made(&activity);
	processes = json_object_get(json, "processes");
	assert_int_equal(json_array_size(processes), 3);
	assert_int_equal(record_number(json_array_get(processes, 1), "pid", 0), 11);
	assert_int_equal(record_number(json_array_get(processes, 1), "parent", 0), 10);
	assert_string_equal(record_text(json_array_get(processes, 1), "name", ""), "sh");
	assert_int_equal(record_number(json_array_get(processes, 2), "parent", 0), 11);
	json_decref(json);
	activity_done(&activity);
}

/* A rare event stays on the time line whatever else there is. */
static void much_is_bounded_and_counted(void **state)
{
	struct activity activity;
	json_t *json;
	size_t denied = 0;
	json_t *mark;
	size_t i;

	(void)state;
	activity_init(&activity);
	for (int n = 0; n < 100000; n++) {
		char text[128];

		snprintf(text, sizeof(text),
			 "{\"kind\":\"open\",\"flags\":1,\"path\":\"/w/%d\","
			 "\"time\":\"2026-01-01T00:00:00.%09dZ\"}",
			 n, n * 1000);
		take(&activity, text);
	}
	take(&activity, "{\"kind\":\"denied\",\"call\":\"bpf\",\"text\":\"bpf(1)\"}");
	json = made(&activity);
	assert_int_equal(json_array_size(json_object_get(json, "written")), ACTIVITY_MAX);
	assert_int_equal(record_number(json_object_get(json, "more"), "written", -1),
			 100000 - ACTIVITY_MAX);
	assert_int_equal(record_number(json_object_get(json, "kinds"), "open", 0), 100000);
	assert_true(json_array_size(json_object_get(json, "timeline")) <= ACTIVITY_MARKS_MAX + 1);
	assert_true(json_array_size(json_object_get(json, "timeline")) > ACTIVITY_MARKS_MAX / 3);
	json_array_foreach(json_object_get(json, "timeline"), i, mark) denied +=
		strcmp(record_text(mark, "kind", ""), "denied") == 0;
	assert_int_equal(denied, 1);
	json_decref(json);
	activity_done(&activity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(little_is_told_whole),
		cmocka_unit_test(who_was_refused_something_is_listed_after_a_thousand_others),
		cmocka_unit_test(what_failed_wrote_nothing_and_listens_nowhere),
		cmocka_unit_test(peaks_are_those_of_the_seal),
		cmocka_unit_test(a_process_between_two_programs_is_in_the_tree),
		cmocka_unit_test(much_is_bounded_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
