/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/jsonw.h"
#include "base/strbuf.h"

static void makes_untrusted_text_harmless(void **state)
{
	cleanup_strbuf struct strbuf sb = { 0 };

	(void)state;
	strbuf_escaped(&sb, "a\x1b[31m\n\\\x7f\xc3\xa4\xff\xc2\x9b", 15);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_untrusted_text_harmless),
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(writes_json_that_is_always_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
