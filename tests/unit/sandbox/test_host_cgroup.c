// SPDX-License-Identifier: Apache-2.0
/* On whatever machine this runs: what is said to be usable is. Guests have every shape of it. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sandbox/host_cgroup.h"

#define CGROUP2_MAGIC 0x63677270

static void names_a_cgroup_that_can_be_used(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct host_cgroup have = { 0 };
	struct statfs fs = { 0 };

	(void)state;
	host_cgroup_read(&arena, &have);
	assert_int_equal(have.to_enable & ~have.controllers, 0);
	assert_int_equal(have.controllers >> CGROUP_CONTROLLERS, 0);
	if (!have.dir) {
		assert_int_equal(have.controllers, 0);
		assert_false(have.inside);
		return;
	}
	assert_int_equal(have.dir[0], '/');
	assert_int_equal(statfs(have.dir, &fs), 0);
	assert_int_equal(fs.f_type, CGROUP2_MAGIC);
	assert_int_equal(access(have.dir, W_OK | X_OK), 0);
}

/* Looking changes nothing: the second look finds what the first one found. */
static void looks_without_touching(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct host_cgroup first = { 0 };
	struct host_cgroup second = { 0 };

	(void)state;
	host_cgroup_read(&arena, &first);
	host_cgroup_read(&arena, &second);
	assert_int_equal(first.controllers, second.controllers);
	assert_int_equal(first.to_enable, second.to_enable);
	assert_int_equal(first.inside, second.inside);
	assert_int_equal(!first.dir, !second.dir);
	if (first.dir)
		assert_string_equal(first.dir, second.dir);
}

static void controllers_are_named_as_the_kernel_does(void **state)
{
	static const char *const names[] = { "memory", "pids", "cpu", "io" };

	(void)state;
	assert_int_equal(ARRAY_LEN(names), CGROUP_CONTROLLERS);
	for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
		assert_string_equal(cgroup_controller_names[i], names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_a_cgroup_that_can_be_used),
		cmocka_unit_test(looks_without_touching),
		cmocka_unit_test(controllers_are_named_as_the_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
