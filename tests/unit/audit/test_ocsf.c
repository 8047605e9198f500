/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "audit/ocsf.h"
#include "audit/run_read.h"

static json_t *event_of(const char *text)
{
	json_t *event = json_loads(text, 0, NULL);
	json_t *out = ocsf_event(event, "run-1");

	assert_non_null(event);
	json_decref(event);
	return out;
}

static void reads_times(void **state)
{
	(void)state;
	assert_int_equal(ocsf_time("1970-01-01T00:00:00.000000000Z"), 0);
	assert_int_equal(ocsf_time("2026-11-25T10:04:04.488602631Z"), 1795601044488);
	assert_int_equal(ocsf_time("2026-11-25"), 0);
	assert_int_equal(ocsf_time("2026-11-2xT10:04:04.488602631Z"), 0);
	assert_int_equal(ocsf_time(""), 0);
}

/* What each class requires, from its definition in version 1.3.0. */
static void has_what_each_class_requires(void **state)
{
	static const struct {
		const char *event;
		int class_uid, activity;
		const char *required[4];
	} cases[] = {
		{ "{\"kind\":\"exec\",\"pid\":7,\"path\":\"/bin/sh\",\"argv\":[\"sh\",\"-c\"]}",
		  1007,
		  1,
		  { "actor", "device", "process" } },
		{ "{\"kind\":\"exit\",\"pid\":7,\"ret\":1}",
		  1007,
		  2,
		  { "actor", "device", "process" } },
		{ "{\"kind\":\"denied\",\"pid\":7,\"call\":\"mount\",\"errno\":1}",
		  1003,
		  4,
		  { "actor", "device", "kernel" } },
		{ "{\"kind\":\"open\",\"pid\":7,\"path\":\"/etc/passwd\"}",
		  1001,
		  14,
		  { "actor", "device", "file" } },
		{ "{\"kind\":\"connect\",\"pid\":7,\"remote\":\"10.0.0.1:80\"}",
		  4001,
		  1,
		  { "dst_endpoint" } },
		{ "{\"kind\":\"listen\",\"pid\":7,\"local\":\"[::]:22\"}",
		  4001,
		  7,
		  { "dst_endpoint" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *o = event_of(cases[i].event);

		assert_non_null(o);
		assert_int_equal(record_number(o, "class_uid", 0), cases[i].class_uid);
		assert_int_equal(record_number(o, "category_uid", 0), cases[i].class_uid / 1000);
		assert_int_equal(record_number(o, "activity_id", 0), cases[i].activity);
		assert_int_equal(record_number(o, "type_uid", 0),
				 cases[i].class_uid * 100 + cases[i].activity);
		assert_true(json_is_integer(json_object_get(o, "time")));
		assert_true(json_is_integer(json_object_get(o, "severity_id")));
		assert_string_equal(record_text(json_object_get(o, "metadata"), "version", ""),
				    OCSF_VERSION);
		for (size_t k = 0; cases[i].required[k]; k++)
			assert_non_null(json_object_get(o, cases[i].required[k]));
		json_decref(o);
	}
}

static void takes_addresses_apart(void **state)
{
	json_t *o = event_of("{\"kind\":\"connect\",\"remote\":\"[2001:db8::1]:53\"}");
	const json_t *end = json_object_get(o, "dst_endpoint");

	(void)state;
	assert_string_equal(record_text(end, "ip", ""), "2001:db8::1");
	assert_int_equal(record_number(end, "port", 0), 53);
	json_decref(o);
	o = event_of("{\"kind\":\"connect\",\"remote\":\"unix:/run/x\"}");
	assert_string_equal(record_text(json_object_get(o, "dst_endpoint"), "name", ""),
			    "unix:/run/x");
	json_decref(o);
}

static void leaves_out_what_has_no_class(void **state)
{
	(void)state;
	assert_null(event_of("{\"kind\":\"sealed\"}"));
	assert_null(event_of("{}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_times),
		cmocka_unit_test(has_what_each_class_requires),
		cmocka_unit_test(takes_addresses_apart),
		cmocka_unit_test(leaves_out_what_has_no_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
