/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/header_link.h"

static void finds_where_a_list_goes_on(void **state)
{
	static const struct {
		const char *value;
		const char *expected; /* NULL: nowhere */
	} cases[] = {
		{ "</v2/a/referrers/x?last=3&n=2>; rel=\"next\"", "/v2/a/referrers/x?last=3&n=2" },
		{ "<https://r.example/p2>;rel=next", "https://r.example/p2" },
		{ "<a>; rel=\"prev\", <b>; title=\"x, y; rel=next\"; rel=\"first next\"", "b" },
		{ "<a>; REL=\"NEXT\"", "a" },
		{ "<a>; rel=\"nexttime\"", NULL },
		{ "<a>; rel=prev", NULL },
		{ "<a>; title=\"quoted \\\" rel=next\"", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char got[64] = "untouched";
		struct err err = { 0 };
		int r = header_link_next(span_of(cases[i].value), got, sizeof(got), &err);

		if (r != (cases[i].expected ? 1 : 0))
			fail_msg("%s: %d %s", cases[i].value, r, err.msg);
		assert_string_equal(got, cases[i].expected ? cases[i].expected : "untouched");
	}
}

static void refuses_what_makes_no_sense(void **state)
{
	static const char *const wrong[] = {
		"next",
		"<a",
		"<>; rel=next",
		"<a b>; rel=next",
		"<a\n>; rel=next",
		"<a>; rel=\"next",
		"<a> <b>; rel=next",
		"<0123456789012345678901234567890123456789012345678901234567890123>; rel=next",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char got[64] = "untouched";
		struct err err = { 0 };

		if (header_link_next(span_of(wrong[i]), got, sizeof(got), &err) != -EBADMSG)
			fail_msg("taken: %s", wrong[i]);
		assert_string_equal(got, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_where_a_list_goes_on),
		cmocka_unit_test(refuses_what_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
