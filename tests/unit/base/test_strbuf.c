/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/jsonw.h"
#include "base/strbuf.h"

static void makes_untrusted_text_harmless(void **state)
{
	cleanup_strbuf struct strbuf sb = { 0 };

	(void)state;
	strbuf_escaped(&sb, "a\x1b[31m\n\\\x7f\xc3\xa4\xff\xc2\x9b", 14);
	assert_string_equal(strbuf_str(&sb), "a\\x1b[31m\\n\\\\\\x7f\xc3\xa4\\xff\\xc2\\x9b");
}

static void grows_and_stays_terminated(void **state)
{
	cleanup_strbuf struct strbuf sb = { 0 };

	(void)state;
	assert_string_equal(strbuf_str(&sb), "");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&sb, "%d,", i);
	assert_false(sb.failed);
	assert_int_equal(sb.len, 3890);
	assert_int_equal(sb.p[sb.len], '\0');
	strbuf_reset(&sb);
	assert_string_equal(strbuf_str(&sb), "");
}

static void writes_json_that_is_always_valid(void **state)
{
	cleanup_strbuf struct strbuf sb = { 0 };
	struct jsonw j = { .out = &sb };

	(void)state;
	jsonw_object(&j);
	jsonw_kstr(&j, "a", "q\"\\\n\x01\xff");
	jsonw_key(&j, "b");
	jsonw_array(&j);
	jsonw_u64(&j, 1);
	jsonw_null(&j);
	jsonw_array_end(&j);
	jsonw_kbool(&j, "c", true);
	jsonw_kstr(&j, "d", NULL);
	jsonw_object_end(&j);
	assert_string_equal(
		strbuf_str(&sb),
		"{\"a\":\"q\\\"\\\\\\n\\u0001\xef\xbf\xbd\",\"b\":[1,null],\"c\":true,\"d\":null}");
}

static void tells_the_time_in_utc(void **state)
{
	static const struct {
		struct timespec time;
		const char *text;
	} cases[] = {
		/* clang-format off */
		{ { 0, 0 },                    "1970-01-01T00:00:00.000000000Z" },
		{ { 951782399, 999999999 },    "2000-02-28T23:59:59.999999999Z" },
		{ { 951782400, 1 },            "2000-02-29T00:00:00.000000001Z" },
		{ { 951868800, 0 },            "2000-03-01T00:00:00.000000000Z" },
		{ { 1709164800, 0 },           "2024-02-29T00:00:00.000000000Z" },
		{ { 1735689599, 0 },           "2024-12-31T23:59:59.000000000Z" },
		{ { 1795601617, 510500000 },   "2026-11-25T10:13:37.510500000Z" },
		{ { 4107542400, 0 },           "2100-03-01T00:00:00.000000000Z" },
		{ { 253402300799, 0 },         "9999-12-31T23:59:59.000000000Z" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf sb = { 0 };

		strbuf_utc(&sb, &cases[i].time);
		assert_string_equal(strbuf_str(&sb), cases[i].text);
	}
}

/* Beside the C library, on a day of each kind for 400 years. */
static void agrees_with_gmtime(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 146097; day += 1 + day % 3) {
		cleanup_strbuf struct strbuf sb = { 0 };
		const struct timespec time = { .tv_sec = day * 86400 + day % 86400 };
		char text[32];
		struct tm tm = { 0 };

		assert_non_null(gmtime_r(&time.tv_sec, &tm));
		assert_true(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm) > 0);
		strbuf_utc(&sb, &time);
		assert_string_equal(strbuf_str(&sb), text);
	}
}

static void writes_numbers(void **state)
{
	cleanup_strbuf struct strbuf sb = { 0 };

	(void)state;
	strbuf_u64(&sb, 0);
	strbuf_putc(&sb, ' ');
	strbuf_u64(&sb, UINT64_MAX);
	strbuf_putc(&sb, ' ');
	strbuf_i64(&sb, INT64_MIN);
	strbuf_putc(&sb, ' ');
	strbuf_i64(&sb, -1);
	assert_string_equal(strbuf_str(&sb), "0 18446744073709551615 -9223372036854775808 -1");
}

static void writes_paths_as_references_to_uris(void **state)
{
	static const char *const cases[][2] = {
		{ "p.yaml", "p.yaml" },
		{ "<stdin>", "%3Cstdin%3E" },
		{ "a:b?c#d", "a%3Ab%3Fc%23d" },
		{ "/etc/a b/100%", "file:///etc/a%20b/100%25" },
		{ "../x_~1/\xc3\xa4", "../x_~1/%C3%A4" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf sb = { 0 };

		strbuf_uri(&sb, cases[i][0]);
		assert_string_equal(strbuf_str(&sb), cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_untrusted_text_harmless),
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(writes_json_that_is_always_valid),
		cmocka_unit_test(tells_the_time_in_utc),
		cmocka_unit_test(agrees_with_gmtime),
		cmocka_unit_test(writes_numbers),
		cmocka_unit_test(writes_paths_as_references_to_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
