/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>

#include "base/text.h"

static void reads_strict_decimals(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int result;
		uint64_t value;
	} cases[] = {
		{ "0", 10, 0, 0 },
		{ "10", 10, 0, 10 },
		{ "11", 10, -ERANGE, 0 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "", 10, -EINVAL, 0 },
		{ "-1", 10, -EINVAL, 0 },
		{ "+1", 10, -EINVAL, 0 },
		{ "01", 10, -EINVAL, 0 },
		{ "0x1", 10, -EINVAL, 0 },
		{ " 1", 10, -EINVAL, 0 },
		{ "1 ", 10, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t v = 77;

		assert_int_equal(span_u64(span_of(cases[i].text), cases[i].max, &v),
				 cases[i].result);
		assert_int_equal(v, cases[i].result == 0 ? cases[i].value : 77);
	}
}

static void reads_sizes_and_times(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(span_bytes(span_of("512MiB"), UINT64_MAX, &v), 0);
	assert_int_equal(v, 512ULL << 20);
	assert_int_equal(span_bytes(span_of("64k"), UINT64_MAX, &v), 0);
	assert_int_equal(v, 65536);
	assert_int_equal(span_bytes(span_of("17179869184TiB"), UINT64_MAX, &v), -ERANGE);
	assert_int_equal(span_bytes(span_of("1Q"), UINT64_MAX, &v), -EINVAL);
	assert_int_equal(span_millis(span_of("10m"), UINT64_MAX, &v), 0);
	assert_int_equal(v, 600000);
	assert_int_equal(span_millis(span_of("2"), UINT64_MAX, &v), 0);
	assert_int_equal(v, 2000);
	assert_int_equal(span_milli(span_of("1.5"), UINT64_MAX, &v), 0);
	assert_int_equal(v, 1500);
	assert_int_equal(span_milli(span_of("1.2345"), UINT64_MAX, &v), -EINVAL);
	assert_int_equal(span_milli(span_of("1."), UINT64_MAX, &v), -EINVAL);
}

static void cuts_at_separators(void **state)
{
	struct span rest = span_of("a::b");

	(void)state;
	assert_true(span_eq(span_cut(&rest, ':'), "a"));
	assert_true(span_eq(span_cut(&rest, ':'), ""));
	assert_true(span_eq(span_cut(&rest, ':'), "b"));
	assert_int_equal(rest.n, 0);
	assert_int_equal(span_cut(&rest, ':').n, 0);
}

static void refuses_names_that_are_paths(void **state)
{
	char long_name[70];

	(void)state;
	assert_true(text_is_id("web-1.2_x"));
	assert_false(text_is_id(""));
	assert_false(text_is_id("."));
	assert_false(text_is_id("../x"));
	assert_false(text_is_id("a/b"));
	assert_false(text_is_id("-x"));
	for (size_t i = 0; i < sizeof(long_name) - 1; i++)
		long_name[i] = 'a';
	long_name[65] = '\0';
	assert_false(text_is_id(long_name));
	long_name[64] = '\0';
	assert_true(text_is_id(long_name));
}

static void knows_valid_utf8(void **state)
{
	(void)state;
	assert_int_equal(text_utf8_length("a", 1), 1);
	assert_int_equal(text_utf8_length("\xc3\xa4", 2), 2);
	assert_int_equal(text_utf8_length("\xc3", 1), 0);
	assert_int_equal(text_utf8_length("\xc0\xaf", 2), 0);     /* overlong */
	assert_int_equal(text_utf8_length("\xed\xa0\x80", 3), 0); /* surrogate */
	assert_int_equal(text_utf8_length("\xf0\x9f\x98\x80", 4), 4);
	assert_int_equal(text_utf8_length("\xf5\x80\x80\x80", 4), 0);
}

static void measures_how_far_words_are(void **state)
{
	(void)state;
	assert_int_equal(text_distance("memory", "memory"), 0);
	assert_int_equal(text_distance("memroy", "memory"), 2);
	assert_int_equal(text_distance("", "abc"), 3);
}

static void finds_the_nearest_name(void **state)
{
	static const char *const names[] = { "memorial", "memories", "memory", "memoirs" };
	struct text_near near = { .distance = 3 };
	struct text_near none = { .distance = 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		text_near_try(&near, "memroy", names[i]);
		text_near_try(&none, "pids", names[i]);
	}
	assert_string_equal(near.name, "memory");
	assert_int_equal(near.distance, 2);
	assert_null(none.name);
}

static void finds_labels_by_key_or_whole(void **state)
{
	(void)state;
	assert_true(text_label_fits("team=a", "team"));
	assert_true(text_label_fits("team=a", "team=a"));
	assert_true(text_label_fits("team", "team"));
	assert_true(text_label_fits("team=", "team="));
	assert_false(text_label_fits("team=a", "tea"));
	assert_false(text_label_fits("team=ab", "team=a"));
	assert_false(text_label_fits("team=a=b", "team=a"));
	assert_false(text_label_fits("team", "team=a"));
}

static void knows_the_calendar(void **state)
{
	static const char *const days[] = { "2026-11-25", "2024-02-29", "2000-02-29",
					    "0001-01-01" };
	static const char *const none[] = { "2026-02-29", "1900-02-29",  "2026-13-01", "2026-00-01",
					    "2026-04-31", "2026-11-00",  "2026-11-2",  "2026/11/25",
					    "",           "2026-11-250", "202a-11-25" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(days); i++)
		assert_true(span_is_day(span_of(days[i])));
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(span_is_day(span_of(none[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_strict_decimals),
		cmocka_unit_test(reads_sizes_and_times),
		cmocka_unit_test(cuts_at_separators),
		cmocka_unit_test(refuses_names_that_are_paths),
		cmocka_unit_test(knows_valid_utf8),
		cmocka_unit_test(measures_how_far_words_are),
		cmocka_unit_test(finds_the_nearest_name),
		cmocka_unit_test(finds_labels_by_key_or_whole),
		cmocka_unit_test(knows_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
