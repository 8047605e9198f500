/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "runtime/look.h"

static void compares_with_the_rules(void **state)
{
	static struct look_rule rules[] = {
		{ FILE_READ, "/usr", true },   { FILE_READ | FILE_EXEC, "/usr/bin", true },
		{ FILE_WRITE, "/work", true }, { FILE_READ, "/etc/hosts", false },
		{ 0, "/usr/secret", true },    { FILE_LIST, "/srv", true },
	};
	static const struct {
		const char *access, *path;
		bool is_dir, granted;
	} rows[] = {
		{ "read", "/usr/lib/x", false, true },
		{ "exec", "/usr/bin/x", false, true },
		{ "exec", "/usr/lib/x", false, false },
		{ "write", "/usr/lib/x", false, false },
		{ "write", "/work/a", false, true },
		{ "make", "/work", true, true },
		{ "make", "/usr", true, false },
		{ "read", "/work/a", false, false },
		{ "read", "/etc/hosts", false, true },
		{ "read", "/etc/hosts", true, false }, /* a folder without stars */
		{ "read", "/etc/hosts2", false, false },
		{ "read", "/usr/secret/x", false, false },
		{ "read", "/usr/secrets", false, true },
		{ "read", "/", true, false },
		{ "read", "/srv/a", true, true }, /* names */
		{ "read", "/srv/a", false, false },
	};
	const struct look look = { .root = -1, .n = ARRAY_LEN(rules), .rules = rules };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (look_grants(&look, rows[i].access, rows[i].path, rows[i].is_dir) !=
		    rows[i].granted)
			fail_msg("%s %s", rows[i].access, rows[i].path);
	}
}

static void knows_the_calls_that_name_files(void **state)
{
	(void)state;
	assert_true(call_paths_find("openat") >= 0);
	assert_true(call_paths_find("openat2") >= 0);
	assert_true(call_paths_find("execve") >= 0);
	assert_int_equal(call_paths_find("read"), -1);
	assert_int_equal(call_paths_find(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_with_the_rules),
		cmocka_unit_test(knows_the_calls_that_name_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
