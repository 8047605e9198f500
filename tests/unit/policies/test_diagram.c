/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/diagram.h"

static const uint32_t values[] = {
	0, 1, 2, 3, 4, 5, 7, 8, 0x0f, 0x10, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
};

static bool holds(const struct diagram_word *t, uint32_t x)
{
	x &= t->mask;
	switch (t->test) {
	case DIAGRAM_EQ:
		return x == t->value;
	case DIAGRAM_GE:
		return x >= t->value;
	case DIAGRAM_GT:
		return x > t->value;
	case DIAGRAM_ANY:
		return (x & t->value) != 0;
	}
	return false;
}

static void tests_of_a_word_hold_where_they_should(void **state)
{
	static const enum diagram_test tests[] = { DIAGRAM_EQ, DIAGRAM_GE, DIAGRAM_GT,
						   DIAGRAM_ANY };
	cleanup_arena struct arena arena = { 0 };
	struct diagrams set = { 0 };

	(void)state;
	assert_int_equal(diagrams_init(&set, &arena), 0);
	for (size_t t = 0; t < ARRAY_LEN(tests); t++) {
		for (size_t m = 0; m < ARRAY_LEN(values); m++) {
			for (size_t k = 0; k < ARRAY_LEN(values); k++) {
				const struct diagram_word word = { DIAGRAM_ARG_LOW(1), tests[t],
								   values[m], values[k] };
				diagram f = diagram_of_test(&set, &word);

				for (size_t x = 0; x < ARRAY_LEN(values); x++) {
					const struct seccomp_data data = {
						.args = { 0, values[x] | (uint64_t)x << 32 }
					};

					assert_int_equal(diagram_value(&set, f, &data),
							 holds(&word, values[x]));
				}
			}
		}
	}
	assert_false(set.failed);
}

/* What is written in two ways is one number. */
static void the_same_function_is_the_same_diagram(void **state)
{
	const struct diagram_word ge = { DIAGRAM_NR, DIAGRAM_GE, UINT32_MAX, 100 };
	const struct diagram_word gt = { DIAGRAM_NR, DIAGRAM_GT, UINT32_MAX, 99 };
	const struct diagram_word high = { DIAGRAM_NR, DIAGRAM_GE, UINT32_MAX, 0x80000000 };
	const struct diagram_word top = { DIAGRAM_NR, DIAGRAM_ANY, 0x80000000, 0x80000000 };
	const uint32_t starts[] = { 0, 100 };
	cleanup_arena struct arena arena = { 0 };
	struct diagrams set = { 0 };
	struct seccomp_data data = { 0 };
	diagram leaves[2];

	(void)state;
	assert_int_equal(diagrams_init(&set, &arena), 0);
	leaves[0] = diagram_leaf(&set, 0);
	leaves[1] = diagram_leaf(&set, 1);
	assert_int_equal(diagram_of_test(&set, &ge), diagram_of_test(&set, &gt));
	assert_int_equal(diagram_of_test(&set, &ge),
			 diagram_of_intervals(&set, DIAGRAM_NR, starts, leaves, 2));
	assert_int_equal(diagram_of_test(&set, &high), diagram_of_test(&set, &top));
	assert_true(diagram_difference(&set, diagram_of_test(&set, &ge),
				       diagram_of_test(&set, &top), &data));
	assert_in_range(data.nr, 100, 0x7fffffff);
}

static void fixes_a_word_and_finds_an_answer(void **state)
{
	const struct diagram_word arch = { DIAGRAM_ARCH, DIAGRAM_EQ, UINT32_MAX, 7 };
	const struct diagram_word nr = { DIAGRAM_NR, DIAGRAM_EQ, UINT32_MAX, 41 };
	const struct diagram_word arg = { DIAGRAM_ARG_HIGH(0), DIAGRAM_EQ, 0xff, 0x12 };
	cleanup_arena struct arena arena = { 0 };
	struct diagrams set = { 0 };
	uint32_t answer = 0;
	diagram no;
	diagram f;

	(void)state;
	assert_int_equal(diagrams_init(&set, &arena), 0);
	no = diagram_leaf(&set, 3);
	f = diagram_if(&set, diagram_of_test(&set, &arg), diagram_leaf(&set, 9), no);
	f = diagram_if(&set, diagram_of_test(&set, &nr), f, no);
	f = diagram_if(&set, diagram_of_test(&set, &arch), f, no);
	assert_false(diagram_is_leaf(&set, f, &answer));
	assert_true(diagram_is_leaf(&set, diagram_fix(&set, f, DIAGRAM_ARCH, 8), &answer));
	assert_int_equal(answer, 3);
	f = diagram_fix(&set, diagram_fix(&set, f, DIAGRAM_ARCH, 7), DIAGRAM_NR, 41);
	assert_int_equal(diagram_equals(&set, f, 9), diagram_of_test(&set, &arg));
}

/* A parity of so many bits that no small diagram says it is refused, not answered wrongly. */
static void says_when_it_has_too_many_nodes(void **state)
{
	cleanup_arena struct arena arena = { .limit = (size_t)256 << 20 };
	struct diagrams set = { 0 };
	diagram f;

	(void)state;
	assert_int_equal(diagrams_init(&set, &arena), 0);
	f = diagram_leaf(&set, 0);
	for (uint32_t i = 0; i < 24 && !set.failed; i++) {
		/* Equality of two words, bit by bit: the worst order there is. */
		const struct diagram_word a = { DIAGRAM_ARG_LOW(0), DIAGRAM_ANY, UINT32_MAX,
						1U << i };
		const struct diagram_word b = { DIAGRAM_ARG_LOW(5), DIAGRAM_ANY, UINT32_MAX,
						1U << i };
		diagram one = diagram_of_test(&set, &a);
		diagram other = diagram_of_test(&set, &b);
		diagram flipped =
			diagram_if(&set, other, diagram_leaf(&set, 0), diagram_leaf(&set, 1));

		f = diagram_if(&set, f, diagram_leaf(&set, 1),
			       diagram_if(&set, one, flipped, other));
	}
	assert_true(set.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_of_a_word_hold_where_they_should),
		cmocka_unit_test(the_same_function_is_the_same_diagram),
		cmocka_unit_test(fixes_a_word_and_finds_an_answer),
		cmocka_unit_test(says_when_it_has_too_many_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
