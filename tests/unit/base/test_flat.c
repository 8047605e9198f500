/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/flat.h"

static void reads_what_it_wrote(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct flat_pair pair = { 0 };
	struct err err = { 0 };
	struct span rest;
	uint64_t n = 0;

	(void)state;
	flat_puts(&text, "env", "A=b\\c\nd e");
	flat_putu(&text, "size", 12);
	flat_puts(&text, "user", "");
	rest = (struct span){ strbuf_str(&text), text.len };
	assert_int_equal(flat_next(&rest, &arena, &pair, &err), 1);
	assert_true(span_eq(pair.key, "env"));
	assert_string_equal(pair.value, "A=b\\c\nd e");
	assert_int_equal(flat_next(&rest, &arena, &pair, &err), 1);
	assert_int_equal(flat_u64(&pair, &n, &err), 0);
	assert_int_equal(n, 12);
	assert_int_equal(flat_next(&rest, &arena, &pair, &err), 1);
	assert_string_equal(pair.value, "");
	assert_int_equal(flat_next(&rest, &arena, &pair, &err), 0);
}

static void refuses_what_it_would_not_write(void **state)
{
	static const char *const lines[] = { "env a",   "env\n",     " a\n",
					     "ENV a\n", "env a\\\n", "env \\x\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct flat_pair pair = { 0 };
		struct err err = { 0 };
		struct span rest = span_of(lines[i]);

		assert_int_equal(flat_next(&rest, &arena, &pair, &err), -EBADMSG);
		assert_null(pair.value);
	}
}

static void refuses_a_nul(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct flat_pair pair = { 0 };
	struct err err = { 0 };
	struct span rest = { "env a\0b\n", 8 };

	(void)state;
	assert_int_equal(flat_next(&rest, &arena, &pair, &err), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(refuses_what_it_would_not_write),
		cmocka_unit_test(refuses_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
