// SPDX-License-Identifier: Apache-2.0
#include "tests/support/unit.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/categories.h"

#define N_PAIRS (CATEGORIES_MAX * (CATEGORIES_MAX - 1) / 2)

static void every_number_is_a_pair_of_its_own(void **state)
{
	static uint8_t seen[CATEGORIES_MAX][CATEGORIES_MAX];

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < N_PAIRS; i++) {
		uint16_t pair[2];

		categories_of(i, pair);
		assert_true(pair[0] < pair[1] && pair[1] < CATEGORIES_MAX);
		assert_int_equal(seen[pair[0]][pair[1]], 0);
		seen[pair[0]][pair[1]] = 1;
	}
}

static void a_pair_has_one_holder(void **state)
{
	static uint8_t seen[CATEGORIES_MAX][CATEGORIES_MAX];
	int fds[200];

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		uint16_t pair[2];
		struct err err = { 0 };

		assert_int_equal(categories_take(pair, &fds[i], &err), 0);
		assert_int_equal(seen[pair[0]][pair[1]], 0);
		seen[pair[0]][pair[1]] = 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_is_a_pair_of_its_own),
		cmocka_unit_test(a_pair_has_one_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
