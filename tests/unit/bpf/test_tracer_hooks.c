/* SPDX-License-Identifier: Apache-2.0 */
/* For whom calls are told where they return. What is attached already needs no kernel. */
#include "tests/support/unit.h"

#include <limits.h>
#include <string.h>
#include <sys/syscall.h>

#include "bpf/calls.h"
#include "bpf/tracer_parts.h"

#define SOME_FD INT_MAX /* never open: nothing is done with it */

static size_t hook_of(int nr)
{
	size_t i = 0;

	while (!tracer_is_hook(i) || tracer_programs[i].nr != nr)
		i++;
	return i;
}

/* As on a kernel that has every hook, with all of them attached. */
static struct tracer whole(void)
{
	struct tracer t = { 0 };

	memset(t.maps, -1, sizeof(t.maps));
	for (size_t i = 0; i < TRACER_PROGRAMS; i++)
		t.programs[i] = t.links[i] = SOME_FD;
	return t;
}

/* Programs can be switched off on the machine that we run on: then nobody has hooks. */
static void check_choice(struct tracer *t, uint32_t groups, int wanted, const char *why)
{
	struct tracer_slot slot = { 0 };
	struct err err = { 0 };
	uint32_t before;
	int r;

	tracer_calls_select(groups, &slot);
	before = slot.want;
	r = tracer_choose_hooks(t, &slot, &err);
	if (r == -EBUSY)
		skip_because("kernel.ftrace_enabled is 0");
	assert_int_equal(r, wanted);
	assert_string_equal(err.msg, why);
	if (r == 0)
		before = (before | TRACER_WANT_HOOKS) & ~(uint32_t)TRACER_WANT_RETURNS;
	assert_int_equal(slot.want, before);
}

static void takes_hooks_for_lists_and_not_for_all_calls(void **state)
{
	struct tracer t = whole();

	(void)state;
	check_choice(&t, TRACER_GROUP_SECURITY, 0, "");
	check_choice(&t, TRACER_GROUP_WRITE | TRACER_GROUP_READ | TRACER_GROUP_FLOW, 0, "");
	check_choice(&t, TRACER_GROUP_ALL, -ENOTSUP, "calls are wanted that have no hook");
	check_choice(&t, TRACER_GROUP_SECURITY | TRACER_GROUP_DENIED, -ENOTSUP,
		     "calls are wanted that have no hook");
	assert_null(tracer_no_hooks(&t));
}

/* What one call has no hook for, only those notice who want that call. */
static void misses_the_hook_of_a_call_that_is_wanted(void **state)
{
	struct tracer t = whole();

	(void)state;
	t.programs[hook_of(SYS_kill)] = -1;
	check_choice(&t, TRACER_GROUP_SECURITY, -ENOTSUP, "calls are wanted that have no hook");
	check_choice(&t, TRACER_GROUP_WRITE, 0, "");
}

/* Which a filter forbids to most sandboxes. */
static void asks_whether_calls_of_32_bits_may_come(void **state)
{
	struct tracer_slot slot = { 0 };
	struct tracer t = whole();
	struct err err = { 0 };

	(void)state;
	t.misses_ia32 = true;
	check_choice(&t, TRACER_GROUP_WRITE, -ENOTSUP, "calls of 32 bits have no hook here");
	check_choice(&t, TRACER_GROUP_WRITE | TRACER_GROUP_NATIVE, 0, "");

	t.misses_ia32 = false;
	t.links[hook_of(-1)] = -1; /* attached only if they may */
	check_choice(&t, TRACER_GROUP_WRITE | TRACER_GROUP_NATIVE, 0, "");
	tracer_calls_select(TRACER_GROUP_WRITE, &slot);
	assert_true(tracer_choose_hooks(&t, &slot, &err) < 0);
	assert_non_null(strstr(err.msg, "cannot attach hook_ia32"));
}

static void says_why_there_are_none(void **state)
{
	struct tracer t = whole();

	(void)state;
	err_set(&t.no_hooks, EPERM, "a kernel that takes none");
	check_choice(&t, TRACER_GROUP_WRITE, -ENOTSUP, "a kernel that takes none");
	assert_string_equal(tracer_no_hooks(&t), "a kernel that takes none");
}

/* The last attempt counts: the next one may have more luck. */
static void remembers_what_could_not_be_attached(void **state)
{
	struct tracer_slot slot = { 0 };
	struct tracer t = whole();
	struct err err = { 0 };
	int r;

	(void)state;
	t.dir = (char *)(uintptr_t) "/nonexistent";
	t.links[hook_of(SYS_kill)] = -1;
	tracer_calls_select(TRACER_GROUP_SECURITY, &slot);
	r = tracer_choose_hooks(&t, &slot, &err);
	if (r == -EBUSY)
		skip_because("kernel.ftrace_enabled is 0");
	assert_true(r < 0 && r != -ENOTSUP);
	assert_string_equal(tracer_no_hooks(&t), err.msg);
	assert_true(slot.want & TRACER_WANT_RETURNS);
	assert_non_null(strstr(err.msg, "cannot attach hook_kill"));

	check_choice(&t, TRACER_GROUP_WRITE, 0, "");
	assert_null(tracer_no_hooks(&t));
}

/* Each hook of hooks.h has a program, told apart from the others by the number of its call. */
static void has_a_program_for_each_hook(void **state)
{
	size_t hooks = 0;

	(void)state;
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		assert_non_null(tracer_programs[i].name);
		assert_false(tracer_is_hook(i) && tracer_is_guard(i));
		hooks += tracer_is_hook(i);
		if (tracer_is_hook(i))
			assert_int_equal(hook_of(tracer_programs[i].nr), i);
	}
	assert_int_equal(hooks, TRACER_N_HOOKS);
	assert_string_equal(tracer_programs[hook_of(SYS_umount2)].name, "hook_umount2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_hooks_for_lists_and_not_for_all_calls),
		cmocka_unit_test(misses_the_hook_of_a_call_that_is_wanted),
		cmocka_unit_test(asks_whether_calls_of_32_bits_may_come),
		cmocka_unit_test(says_why_there_are_none),
		cmocka_unit_test(remembers_what_could_not_be_attached),
		cmocka_unit_test(has_a_program_for_each_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
