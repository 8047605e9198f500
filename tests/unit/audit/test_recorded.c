/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy's audit: record: asks of the collector, beyond what is always recorded. */
#include "tests/support/unit.h"

#include "audit/recorded.h"
#include "base/cleanup.h"
#include "bpf/calls.h"
#include "policies/policy.h"

static void each_word_adds_its_own_calls(void **state)
{
	static const struct {
		enum recording recording;
		uint32_t more;
	} rows[] = {
		{ RECORDING_DENIED, 0 },
		{ RECORDING_WRITE, TRACER_GROUP_WRITE },
		{ RECORDING_READ, TRACER_GROUP_READ },
		{ RECORDING_TASKS, TRACER_GROUP_TASKS },
		{ RECORDING_ALL, TRACER_GROUP_ALL },
	};
	const uint32_t always = TRACER_GROUP_EXEC | TRACER_GROUP_FLOW | TRACER_GROUP_SECURITY;
	uint32_t words = 0;
	uint32_t groups = always;

	(void)state;
	assert_int_equal(recorded_groups(0), always);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(recorded_groups(1U << rows[i].recording), always | rows[i].more);
		words |= 1U << rows[i].recording;
		groups |= rows[i].more;
	}
	assert_int_equal(recorded_groups(words), groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_adds_its_own_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
