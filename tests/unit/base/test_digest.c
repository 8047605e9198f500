/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/digest.h"

/* Source: FIPS 180-4, example "abc". */
static void knows_the_standard_example(void **state)
{
	struct digest d = digest_of("abc", 3);
	char hex[DIGEST_HEX_LEN];

	(void)state;
	digest_hex(&d, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void tells_lists_of_pieces_apart(void **state)
{
	const void *one[] = { "ab", "c" };
	const void *two[] = { "a", "bc" };
	const size_t n_one[] = { 2, 1 };
	const size_t n_two[] = { 1, 2 };
	struct digest a = digest_of_pieces(one, n_one, 2);
	struct digest b = digest_of_pieces(two, n_two, 2);

	(void)state;
	assert_memory_not_equal(a.bytes, b.bytes, DIGEST_LEN);
}

static void hands_out_zeroed_memory_up_to_the_limit(void **state)
{
	cleanup_arena struct arena arena = { .limit = 100000 };
	size_t cap = 0;
	int *grown = NULL;
	char *p = arena_alloc(&arena, 50000);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 50000; i++)
		assert_int_equal(p[i], 0);
	assert_null(arena_alloc(&arena, 60000));
	assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
	for (int i = 0; i < 100; i++) {
		grown = arena_grow(&arena, grown, &cap, (size_t)i + 1, sizeof(*grown));
		assert_non_null(grown);
		grown[i] = i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(grown[i], i);
	assert_string_equal(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_standard_example),
		cmocka_unit_test(tells_lists_of_pieces_apart),
		cmocka_unit_test(hands_out_zeroed_memory_up_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
