/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>

#include "base/accounts.h"

static const char passwd[] = "root:x:0:0:r:/root:/bin/sh\nbad\nweb:x:33:34::/srv:\nweb:x:0:0::/:\n"
			     "minus:x:-1:0::/:\nlast:x:4294967295:0::/:\nshort:x:5:6\n";

static void finds_users_by_name(void **state)
{
	struct account account = { 0 };

	(void)state;
	assert_true(account_find(span_of(passwd), span_of("web"), &account));
	assert_int_equal(account.uid, 33);
	assert_int_equal(account.gid, 34);
	assert_true(span_eq(account.home, "/srv"));
	assert_true(account_find(span_of(passwd), span_of("short"), &account));
	assert_int_equal(account.home.n, 0);
	for (size_t i = 0; i < 5; i++) {
		static const char *const none[] = { "minus", "last", "bad", "we", "" };

		assert_false(account_find(span_of(passwd), span_of(none[i]), &account));
	}
}

static void finds_users_by_number(void **state)
{
	struct account account = { 0 };

	(void)state;
	assert_true(account_find_uid(span_of(passwd), 0, &account));
	assert_true(span_eq(account.name, "root"));
	assert_true(span_eq(account.home, "/root"));
	assert_false(account_find_uid(span_of(passwd), 34, &account));
	assert_false(account_find_uid(span_of(passwd), UINT32_MAX, &account));
}

static void finds_groups(void **state)
{
	const struct span text =
		span_of("root:x:0:\nstaff:x:50:web,ann\nwheel:x:10:ann\nbig:x:4294967295:web\n"
			"again:x:50:web\nadm:x:4:web,\n");
	uint32_t ids[2] = { 0 };
	uint32_t gid = 7;

	(void)state;
	assert_true(group_find(text, span_of("wheel"), &gid));
	assert_int_equal(gid, 10);
	assert_false(group_find(text, span_of("big"), &gid));
	assert_false(group_find(text, span_of(""), &gid));
	assert_int_equal(gid, 10);
	assert_int_equal(groups_of(text, span_of("web"), ids, 2), 2);
	assert_int_equal(ids[0], 50);
	assert_int_equal(ids[1], 4);
	assert_int_equal(groups_of(text, span_of("web"), ids, 1), -E2BIG);
	assert_int_equal(groups_of(text, span_of("we"), ids, 2), 0);
	assert_int_equal(groups_of(text, span_of(""), ids, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_users_by_name),
		cmocka_unit_test(finds_users_by_number),
		cmocka_unit_test(finds_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
