/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "runtime/health.h"

static const struct health_plan plan = {
	.command = "true", .interval_ms = 100, .timeout_ms = 30, .start_ms = 250, .retries = 2
};

/* One check that begins at `now` and ends 10 ms later. */
static bool check(struct health *h, uint64_t now, bool good)
{
	assert_int_equal(health_turn(h, &plan, now), HEALTH_DO_CHECK);
	assert_int_equal(health_turn(h, &plan, now + 5), HEALTH_DO_NOTHING);
	return health_ended(h, &plan, good, now + 10);
}

static void without_a_command_there_is_nothing_to_do(void **state)
{
	const struct health_plan none = { 0 };
	struct health h;

	(void)state;
	health_start(&h, &none, 5);
	assert_int_equal(health_wait(&h, 1000), -1);
	assert_int_equal(health_turn(&h, &none, 1000), HEALTH_DO_NOTHING);
	assert_string_equal(health_name(h.state), "none");
}

static void failures_at_the_start_do_not_count(void **state)
{
	struct health h;

	(void)state;
	health_start(&h, &plan, 0);
	assert_int_equal(health_wait(&h, 40), 60);
	assert_false(check(&h, 100, false));
	assert_false(check(&h, 210, false));
	assert_int_equal(h.failures, 0);
	assert_false(check(&h, 320, false)); /* the start is over */
	assert_true(check(&h, 430, false));
	assert_int_equal(h.state, HEALTH_UNHEALTHY);
	assert_true(check(&h, 540, true));
	assert_int_equal(h.state, HEALTH_HEALTHY);
	assert_false(check(&h, 650, false));
	assert_false(check(&h, 760, true));
	assert_int_equal(h.failures, 0);
}

static void a_success_ends_the_start(void **state)
{
	struct health h;

	(void)state;
	health_start(&h, &plan, 0);
	assert_true(check(&h, 100, true));
	assert_false(check(&h, 210, false)); /* within start_ms, but it was healthy */
	assert_int_equal(h.failures, 1);
}

static void what_takes_too_long_is_killed_once_and_has_failed(void **state)
{
	struct health h;

	(void)state;
	health_start(&h, &plan, 1000);
	assert_int_equal(health_turn(&h, &plan, 1300), HEALTH_DO_CHECK);
	assert_int_equal(health_wait(&h, 1310), 20);
	assert_int_equal(health_turn(&h, &plan, 1330), HEALTH_DO_KILL);
	assert_int_equal(health_turn(&h, &plan, 1400), HEALTH_DO_NOTHING);
	assert_int_equal(health_wait(&h, 1400), -1);
	assert_false(health_ended(&h, &plan, true, 1410));
	assert_int_equal(h.failures, 1);
	assert_int_equal(health_wait(&h, 1410), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_command_there_is_nothing_to_do),
		cmocka_unit_test(failures_at_the_start_do_not_count),
		cmocka_unit_test(a_success_ends_the_start),
		cmocka_unit_test(what_takes_too_long_is_killed_once_and_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
