/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "runtime/scope.h"

static void reads_every_line_of_the_table(void **state)
{
	static const struct {
		const char *path; /* NULL: the bundle has none */
		int result;
		const char *slice, *unit;
	} cases[] = {
		/* clang-format off */
		{ NULL,                         0, "",            "id.scope" },
		{ "",                           0, "",            "id.scope" },
		{ "system.slice:immure:web",    0, "system.slice", "immure-web.scope" },
		{ "a-b.slice:cri:",             0, "a-b.slice",   "cri-id.scope" },
		{ "user.slice::x",              0, "user.slice",  "x.scope" },
		{ "::",                         0, "",            "id.scope" },
		{ ":p:n",                       0, "",            "p-n.scope" },
		{ "/immure/web",          -EINVAL, NULL,          NULL },
		{ "plain",                -EINVAL, NULL,          NULL },
		{ "a.slice:b:../c",       -EINVAL, NULL,          NULL },
		{ "a.slice:b:c:d",        -EINVAL, NULL,          NULL },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct scope scope = { .user = true };
		struct err err = { 0 };

		assert_int_equal(scope_name(cases[i].path, "id", &arena, &scope, &err),
				 cases[i].result);
		assert_true(scope.user);
		if (cases[i].result < 0) {
			assert_null(scope.unit);
			continue;
		}
		assert_string_equal(scope.slice, cases[i].slice);
		assert_string_equal(scope.unit, cases[i].unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_every_line_of_the_table) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
