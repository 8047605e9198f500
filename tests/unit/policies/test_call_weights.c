/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/call_weights.h"

static void finds_each_row_by_its_name(void **state)
{
	(void)state;
	for (int i = 0; i < CALL_WEIGHTS; i++)
		assert_int_equal(call_weight_find(call_weights[i].call), i);
	assert_int_equal(call_weight_find("read"), -1);
	assert_int_equal(call_weight_find(""), -1);
}

static void weighs_as_usual_what_was_not_counted(void **state)
{
	uint64_t seen[CALL_WEIGHTS] = { 0 };

	(void)state;
	for (int i = 0; i < CALL_WEIGHTS; i++) {
		assert_int_equal(call_weight_of(seen, i), call_weights[i].usual);
		assert_true(call_weight_of(seen, i) > 0);
	}
}

/* In thousandths of all that was seen; never nothing, for then it would stand nowhere. */
static void weighs_by_what_was_seen(void **state)
{
	uint64_t seen[CALL_WEIGHTS] = { 0 };
	int often = call_weight_find("socket");
	int seldom = call_weight_find("fcntl");

	(void)state;
	seen[often] = 750000;
	seen[seldom] = 250000;
	assert_int_equal(call_weight_of(seen, often), 750);
	assert_int_equal(call_weight_of(seen, seldom), 250);
	assert_int_equal(call_weight_of(seen, call_weight_find("ioctl")), 15);
	seen[seldom] = 1;
	assert_int_equal(call_weight_of(seen, seldom), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_row_by_its_name),
		cmocka_unit_test(weighs_as_usual_what_was_not_counted),
		cmocka_unit_test(weighs_by_what_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
