/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <sha2.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/digest_blocks.h"

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

/* Every length around the edges of blocks, in one piece and in two, by libmd and by ours. */
static void agrees_with_libmd(void **state)
{
	uint8_t bytes[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 151 + i / 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		size_t cut = n * 5 / 8;
		struct digest whole = digest_of(bytes, n);
		struct digest joined = digest_joined(bytes, cut, bytes + cut, n - cut);
		uint8_t other[DIGEST_LEN];
		SHA2_CTX context;

		SHA256Init(&context);
		SHA256Update(&context, bytes, n);
		SHA256Final(other, &context);
		assert_memory_equal(whole.bytes, other, DIGEST_LEN);
		assert_memory_equal(joined.bytes, other, DIGEST_LEN);
	}
}

/* This processor's instructions, where it has them, and the plain way. */
static void takes_blocks_alike(void **state)
{
	uint32_t a[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint32_t b[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t bytes[64 * 9];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 77 + 3);
	digest_blocks(a, bytes, 9);
	digest_blocks_plain(b, bytes, 9);
	assert_memory_equal(a, b, sizeof(a));
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
		cmocka_unit_test(agrees_with_libmd),
		cmocka_unit_test(takes_blocks_alike),
		cmocka_unit_test(tells_lists_of_pieces_apart),
		cmocka_unit_test(hands_out_zeroed_memory_up_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
