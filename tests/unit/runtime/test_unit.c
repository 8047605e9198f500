/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/unit.h"

static int put(const char *word, const char *cwd, struct strbuf *out)
{
	const char *words[] = { "run", word, NULL };
	const struct unit_plan plan = { .name = "web",
					.program = "/usr/bin/immure",
					.cwd = cwd,
					.restart = "no",
					.words = words };
	struct err err = { 0 };

	return unit_put(&plan, out, &err);
}

static void words_are_data(void **state)
{
	static const struct {
		const char *word, *text;
	} cases[] = {
		{ "a b", "\"run\" \"a b\"\n" }, { "", "\"run\" \"\"\n" },
		{ "$HOME", "\"$$HOME\"\n" },    { "%h", "\"%%h\"\n" },
		{ "\"\\'", "\"\\\"\\\\'\"\n" }, { ";", "\";\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf out = { 0 };

		assert_int_equal(put(cases[i].word, NULL, &out), 0);
		assert_non_null(strstr(strbuf_str(&out), cases[i].text));
	}
}

static void what_a_unit_cannot_hold_is_refused(void **state)
{
	static const char *const bad[] = { "a\nExecStart=/bin/sh", "\r", "\x1b", "\x7f" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_strbuf struct strbuf out = { 0 };

		assert_int_equal(put(bad[i], NULL, &out), -EINVAL);
		assert_int_equal(put("x", bad[i], &out), -EINVAL);
	}
}

static void the_folder_stands_as_it_is(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	assert_int_equal(put("x", "/a b/50%", &out), 0);
	assert_non_null(strstr(strbuf_str(&out), "\nWorkingDirectory=/a b/50%%\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_data),
		cmocka_unit_test(what_a_unit_cannot_hold_is_refused),
		cmocka_unit_test(the_folder_stands_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
