/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>
#include <sys/syscall.h>

#include "bpf/calls.h"
#include "bpf/hooks.h"

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

	tracer_calls_select(TRACER_GROUP_NATIVE, &slot);
	assert_int_equal(slot.want, TRACER_WANT_NATIVE);

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

/* The list of hooks goes with the table: a call without one makes its sandboxes the machine's
 * burden.
 */
static void has_a_hook_for_each_call_of_the_table_and_no_other(void **state)
{
#define HOOK(function, call) hooked[__NR_##call / 64] |= (uint64_t)1 << (__NR_##call % 64);
	uint64_t hooked[TRACER_CALLS / 64] = { 0 };
	struct tracer_call how[TRACER_CALLS] = { 0 };

	(void)state;
	TRACER_HOOKS(HOOK)
#undef HOOK
	tracer_calls_fill(how);
	for (unsigned nr = 0; nr < TRACER_CALLS; nr++) {
		if ((how[nr].take != 0) != (hooked[nr / 64] >> (nr % 64) & 1))
			fail_msg("call %u", nr);
	}
}

static void takes_lists_for_few_calls_if_each_has_a_hook(void **state)
{
	uint64_t hooked[TRACER_CALLS / 64];
	struct tracer_slot slot = { 0 };

	(void)state;
	memset(hooked, -1, sizeof(hooked));
	tracer_calls_select(TRACER_GROUP_SECURITY | TRACER_GROUP_EXEC | TRACER_GROUP_READ, &slot);
	assert_true(tracer_calls_are_few(&slot, hooked));
	hooked[SYS_openat / 64] &= ~((uint64_t)1 << (SYS_openat % 64));
	assert_false(tracer_calls_are_few(&slot, hooked));
	hooked[SYS_openat / 64] |= (uint64_t)1 << (SYS_openat % 64);
	hooked[SYS_getppid / 64] &= ~((uint64_t)1 << (SYS_getppid % 64));
	assert_true(tracer_calls_are_few(&slot, hooked));

	tracer_calls_select(TRACER_GROUP_SECURITY | TRACER_GROUP_ALL, &slot);
	assert_false(tracer_calls_are_few(&slot, hooked));
	tracer_calls_select(TRACER_GROUP_SECURITY | TRACER_GROUP_DENIED, &slot);
	assert_false(tracer_calls_are_few(&slot, hooked));
	tracer_calls_select(TRACER_GROUP_TASKS, &slot);
	assert_false(tracer_calls_are_few(&slot, hooked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_hook_for_each_call_of_the_table_and_no_other),
		cmocka_unit_test(takes_lists_for_few_calls_if_each_has_a_hook),
		cmocka_unit_test(selects_what_was_asked_for_and_nothing_else),
		cmocka_unit_test(knows_where_the_paths_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
