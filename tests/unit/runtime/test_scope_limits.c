/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "runtime/scope_limits.h"

static void numbers_have_their_properties(void **state)
{
	static const struct {
		const char *file, *value, *name;
		uint64_t number;
	} cases[] = {
		/* clang-format off */
		{ "memory.max",      "4096",           "MemoryMax",     4096 },
		{ "memory.max",      "max",            "MemoryMax",     UINT64_MAX },
		{ "memory.swap.max", "0",              "MemorySwapMax", 0 },
		{ "memory.low",      "1",              "MemoryLow",     1 },
		{ "cpu.weight",      "100",            "CPUWeight",     100 },
		{ "pids.max",        "7",              "TasksMax",      7 },
		{ "io.weight",       "default 100",    NULL,            0 },
		{ "memory.max",      "-1",             NULL,            0 },
		{ "memory.max",      "",               NULL,            0 },
		{ "rdma.max",        "x hca_handle=1", NULL,            0 },
		{ "",                "1",              NULL,            0 },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scope_property p[SCOPE_PROPERTIES_MAX] = { 0 };
		size_t n = scope_limit_read(span_of(cases[i].file), span_of(cases[i].value), p);

		assert_int_equal(n, cases[i].name ? 1 : 0);
		if (n == 0)
			continue;
		assert_string_equal(p[0].name, cases[i].name);
		assert_int_equal(p[0].number, cases[i].number);
		assert_int_equal(p[0].n_set, 0);
	}
}

static void a_quota_is_of_a_second_and_never_less_than_asked(void **state)
{
	static const struct {
		const char *value;
		size_t n;
		uint64_t second, period;
	} cases[] = {
		{ "50000 100000", 2, 500000, 100000 },
		{ "10001 1000000", 2, 20000, 1000000 },
		{ "max 100000", 2, UINT64_MAX, 100000 },
		{ "50000", 0, 0, 0 },
		{ "50000 0", 0, 0, 0 },
		{ "9999999999999 1", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scope_property p[SCOPE_PROPERTIES_MAX] = { 0 };
		size_t n = scope_limit_read(span_of("cpu.max"), span_of(cases[i].value), p);

		assert_int_equal(n, cases[i].n);
		if (n == 0)
			continue;
		assert_string_equal(p[0].name, "CPUQuotaPerSecUSec");
		assert_int_equal(p[0].number, cases[i].second);
		assert_string_equal(p[1].name, "CPUQuotaPeriodUSec");
		assert_int_equal(p[1].number, cases[i].period);
	}
}

static void a_list_is_a_set_of_bits(void **state)
{
	struct scope_property p[SCOPE_PROPERTIES_MAX] = { 0 };

	(void)state;
	assert_int_equal(scope_limit_read(span_of("cpuset.cpus"), span_of("0-3,8"), p), 1);
	assert_string_equal(p[0].name, "AllowedCPUs");
	assert_int_equal(p[0].n_set, 2);
	assert_int_equal(p[0].set[0], 0x0f);
	assert_int_equal(p[0].set[1], 0x01);
	assert_int_equal(scope_limit_read(span_of("cpuset.mems"), span_of("1023"), p), 1);
	assert_int_equal(p[0].n_set, SCOPE_SET_BYTES);
	assert_int_equal(scope_limit_read(span_of("cpuset.mems"), span_of("1024"), p), 0);
	assert_int_equal(scope_limit_read(span_of("cpuset.cpus"), span_of("3-1"), p), 0);
	assert_int_equal(scope_limit_read(span_of("cpuset.cpus"), span_of("1-"), p), 0);
	assert_int_equal(scope_limit_read(span_of("cpuset.cpus"), span_of(""), p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_their_properties),
		cmocka_unit_test(a_quota_is_of_a_second_and_never_less_than_asked),
		cmocka_unit_test(a_list_is_a_set_of_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
