/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "audit/waiver.h"

static int parse(const char *text, struct waiver **ret)
{
	static struct arena arena;
	struct err err = { 0 };
	int r = waivers_parse(span_of(text), "w.json", &arena, ret, &err);

	assert_true((r < 0) == (err.code != 0));
	return r;
}

static void reads_a_list(void **state)
{
	struct waiver *w = NULL;

	(void)state;
	assert_int_equal(parse("[]", &w), 0);
	assert_int_equal(parse("[{\"control\":\"cis-docker-5.27\",\"until\":\"2026-12-31\","
			       "\"by\":\"a@b\",\"why\":\"job\"}]",
			       &w),
			 1);
	assert_string_equal(w->control, "cis-docker-5.27");
	assert_string_equal(w->file, "w.json");
}

static void refuses_what_is_no_waiver(void **state)
{
	static const char *const cases[] = {
		"",
		"{}",
		"[1]",
		"[{}]",
		"[{\"control\":\"c\",\"until\":\"2026-12-31\",\"by\":\"a\"}]",
		"[{\"control\":\"c\",\"until\":\"2026-13-31\",\"by\":\"a\",\"why\":\"b\"}]",
		"[{\"control\":\"c\",\"until\":\"2026-12-31\",\"by\":\"a\",\"why\":\"\"}]",
		"[{\"control\":\"c\",\"until\":\"2026-12-31\",\"by\":\"a\",\"why\":\"b\",\"x\":1}]",
	};
	struct waiver *w = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(cases[i], &w), -EINVAL);
		assert_null(w);
	}
}

static void knows_days(void **state)
{
	(void)state;
	assert_true(span_is_day(span_of("2026-02-28")));
	assert_false(span_is_day(span_of("2026-02-30")));
	assert_true(span_is_day(span_of("2028-02-29")));
	assert_false(span_is_day(span_of("2026-02-29")));
	assert_false(span_is_day(span_of("2100-02-29")));
	assert_false(span_is_day(span_of("2026-00-01")));
	assert_false(span_is_day(span_of("2026-1-01")));
	assert_false(span_is_day(span_of("2026/01/01")));
	assert_false(span_is_day(span_of("20x6-01-01")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_list),
		cmocka_unit_test(refuses_what_is_no_waiver),
		cmocka_unit_test(knows_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
