/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/proc_sum.h"

static int parse(const char *line, struct proc_use *ret)
{
	return proc_use_parse((struct span){ line, strlen(line) }, ret);
}

static void reads_a_line_whatever_the_name_is(void **state)
{
	struct proc_use use = { 0 };

	(void)state;
	assert_int_equal(
		parse("42 (a) S 1) (b) R 7 0 0 0 0 0 0 0 0 0 1 2 3 4 20 0 1 0 99 1000 55 0", &use),
		0);
	assert_int_equal(use.pid, 42);
	assert_int_equal(use.parent, 7);
	assert_int_equal(use.ticks, 10);
	assert_int_equal(use.rss_pages, 55);
}

static void refuses_what_is_cut_off(void **state)
{
	static const char *const bad[] = {
		"",
		"42",
		"42 (a",
		"x (a) R 7",
		"42 (a) R",
		"42 (a) R 7 0 0 0 0 0 0 0 0 0 1 2 3 4 20 0 1 0 99 1000",
		"42 (a) R -7 0 0 0 0 0 0 0 0 0 1 2 3 4 20 0 1 0 99 9 1"
	};
	struct proc_use use = { .pid = 77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], &use), -EINVAL);
	assert_int_equal(use.pid, 77);
}

static void adds_up_all_below_one_and_ends_in_a_loop(void **state)
{
	static const struct proc_use all[] = {
		{ 1, 0, 1000, 1000 }, { 10, 1, 1, 10 },  { 11, 10, 2, 20 }, { 12, 11, 4, 40 },
		{ 13, 1, 100, 100 },  { 20, 21, 5, 50 }, { 21, 20, 5, 50 },
	};
	struct proc_sum sum = proc_sum_below(all, ARRAY_LEN(all), 10);

	(void)state;
	assert_int_equal(sum.processes, 3);
	assert_int_equal(sum.ticks, 7);
	assert_int_equal(sum.rss_pages, 70);
	assert_int_equal(proc_sum_below(all, ARRAY_LEN(all), 99).processes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_line_whatever_the_name_is),
		cmocka_unit_test(refuses_what_is_cut_off),
		cmocka_unit_test(adds_up_all_below_one_and_ends_in_a_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
