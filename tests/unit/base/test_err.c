/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "base/err.h"

static void keeps_the_outermost_context_first(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_sys(&err, ENOENT, "cannot open %s", "/x"), -ENOENT);
	assert_string_equal(err.msg, "cannot open /x: No such file or directory");
	assert_int_equal(err_wrap(&err, "mounts"), -ENOENT);
	assert_string_equal(err.msg, "mounts: cannot open /x: No such file or directory");
	assert_int_equal(err.len, strlen(err.msg));
	assert_int_equal(err_at(&err, ERR_MOUNTS), -ENOENT);
	assert_int_equal(err.stage, ERR_MOUNTS);
}

static void cuts_what_does_not_fit(void **state)
{
	char huge[1000];
	struct err err = { 0 };

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	err_sys(&err, EIO, "%s", huge);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	err_wrap(&err, "%s", huge);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_int_equal(err.code, EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_outermost_context_first),
		cmocka_unit_test(cuts_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
