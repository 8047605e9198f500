/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <sys/syscall.h>

#include "bpf/calls.h"

static int has(const struct tracer_slot *slot, unsigned nr)
{
	return (int)(slot->calls[nr / 64] >> (nr % 64) & 1);
}

static void selects_what_was_asked_for_and_nothing_else(void **state)
{
	struct tracer_slot slot = { .calls = { ~0ULL }, .want = ~0U };

	(void)state;
	tracer_calls_select(0, &slot);
	assert_int_equal(slot.want, 0);
	for (unsigned nr = 0; nr < TRACER_CALLS; nr++)
		assert_int_equal(has(&slot, nr), 0);

	tracer_calls_select(TRACER_GROUP_FLOW | TRACER_GROUP_DENIED, &slot);
	assert_int_equal(slot.want, TRACER_WANT_FLOWS | TRACER_WANT_DENIED | TRACER_WANT_RETURNS);
	assert_int_equal(has(&slot, SYS_connect), 1);
	assert_int_equal(has(&slot, SYS_openat), 0);
	assert_int_equal(has(&slot, SYS_ptrace), 0);

	tracer_calls_select(TRACER_GROUP_WRITE, &slot);
	assert_int_equal(has(&slot, SYS_openat), 1);
	assert_int_equal(slot.want & TRACER_WANT_READ_OPENS, 0);
	assert_int_equal(has(&slot, SYS_renameat2), 1);
}

static void knows_where_the_paths_are(void **state)
{
	struct tracer_call how[TRACER_CALLS] = { 0 };

	(void)state;
	tracer_calls_fill(how);
	assert_int_equal(how[SYS_openat].first, 1);
	assert_int_equal(how[SYS_openat].open_flags, 2);
	assert_int_equal(how[SYS_open].first, 0);
	assert_int_equal(how[SYS_renameat2].second, 3);
	assert_int_equal(how[SYS_getppid].take, 0);
	assert_int_equal(how[SYS_kill].take, TRACER_TAKE_ALONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects_what_was_asked_for_and_nothing_else),
		cmocka_unit_test(knows_where_the_paths_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
