/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "policies/expect_parse.h"

struct line {
	struct arena arena;
	struct policy policy;
	struct diags diags;
};

static void parse(struct line *l, const char *text,
		  int (*fn)(const struct yaml_node *, struct policy *, struct arena *,
			    struct diags *))
{
	const struct yaml_node node = { .kind = YAML_SCALAR, .where = { "p", 3, 5 }, .text = text };

	*l = (struct line){ 0 };
	l->diags.arena = &l->arena;
	assert_int_equal(fn(&node, &l->policy, &l->arena, &l->diags), 0);
}

static void reads_calls_with_what_is_said_of_their_arguments(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "expect deny syscall ioctl cmd=TIOCSTI fd=3", policy_test_parse);
	assert_int_equal(l.diags.n, 0);
	assert_int_equal(l.policy.n_tests, 1);
	assert_false(l.policy.tests[0].allow);
	assert_string_equal(l.policy.tests[0].call, "ioctl");
	assert_int_equal(l.policy.tests[0].n_args, 2);
	assert_int_equal(l.policy.tests[0].args[0], 1);
	assert_int_equal(l.policy.tests[0].values[0], 0x5412);
	assert_int_equal(l.policy.tests[0].values[1], 3);
	arena_done(&l.arena);
}

static void reads_paths_and_how_they_are_opened(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "expect allow open /etc/ssl/ca.crt read", policy_test_parse);
	assert_int_equal(l.diags.n, 0);
	assert_true(l.policy.tests[0].allow);
	assert_null(l.policy.tests[0].call);
	assert_string_equal(l.policy.tests[0].path, "/etc/ssl/ca.crt");
	assert_int_equal(l.policy.tests[0].access, FILE_READ);
	arena_done(&l.arena);
	parse(&l, "expect allow open /etc list", policy_test_parse);
	assert_int_equal(l.diags.n, 0);
	assert_int_equal(l.policy.tests[0].access, FILE_LIST);
	arena_done(&l.arena);
}

static void says_where_a_test_is_wrong(void **state)
{
	static const char *const bad[] = {
		"expct deny syscall mount",
		"expect refuse syscall mount",
		"expect deny call mount",
		"expect deny syscall mout",
		"expect deny syscall ioctl cmd=NOSUCH",
		"expect deny syscall ioctl colour=1",
		"expect deny open etc/shadow read",
		"expect deny open /etc/shadow",
		"expect deny open /etc/shadow touch",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct line l;

		parse(&l, bad[i], policy_test_parse);
		if (l.diags.n == 0)
			fail_msg("accepted %s", bad[i]);
		assert_string_equal(l.diags.items[0].where.file, "p");
		assert_int_equal(l.diags.items[0].where.line, 3);
		assert_in_range(l.diags.items[0].where.col, 5, 5 + strlen(bad[i]));
		arena_done(&l.arena);
	}
}

static void reads_waivers_whole_or_not_at_all(void **state)
{
	static const char *const bad[] = {
		"",
		"cis-docker-5.27",
		"cis-docker-5.27 until tomorrow by me why x",
		"cis-docker-5.27 until 2026-02-30 by me why x",
		"cis-docker-5.27 until 2026-12-31 by me",
		"cis-docker-5.27 until 2026-12-31 why x",
		"cis-docker-5.27 until 2026-12-31 by me why",
	};
	struct line l;

	(void)state;
	parse(&l, "cis-docker-5.27 until 2026-12-31 by sec@acme.example why \"no health endpoint\"",
	      policy_waiver_parse);
	assert_int_equal(l.diags.n, 0);
	assert_string_equal(l.policy.waivers[0].id, "cis-docker-5.27");
	assert_string_equal(l.policy.waivers[0].until, "2026-12-31");
	assert_string_equal(l.policy.waivers[0].by, "sec@acme.example");
	assert_string_equal(l.policy.waivers[0].why, "no health endpoint");
	arena_done(&l.arena);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		parse(&l, bad[i], policy_waiver_parse);
		if (l.diags.n == 0 || l.policy.n_waivers != 0)
			fail_msg("accepted %s", bad[i]);
		arena_done(&l.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_calls_with_what_is_said_of_their_arguments),
		cmocka_unit_test(reads_paths_and_how_they_are_opened),
		cmocka_unit_test(says_where_a_test_is_wrong),
		cmocka_unit_test(reads_waivers_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
