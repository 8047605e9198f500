/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/policy_insert.h"

static void adds_one_line_and_leaves_the_rest(void **state)
{
	static const struct {
		const char *text, *section, *result;
	} cases[] = {
		{ "policy: 1\nsyscalls:\n  - allow a   # why: x\n\n# about limits\nlimits:\n  pids: 3\n",
		  "syscalls",
		  "policy: 1\nsyscalls:\n  - allow a   # why: x\n  - R   # why: w\n\n# about limits\nlimits:\n  pids: 3\n" },
		{ "policy: 1\nsyscalls:\n- allow a\n- allow b", "syscalls",
		  "policy: 1\nsyscalls:\n- allow a\n- allow b\n- R   # why: w\n" },
		{ "policy: 1\n", "files", "policy: 1\nfiles:\n  - R   # why: w\n" },
		{ "policy: 1\nsyscalls:\n    - allow a,\n      b\n    # end\n", "syscalls",
		  "policy: 1\nsyscalls:\n    - allow a,\n      b\n    - R   # why: w\n    # end\n" },
		{ "files: # none\npolicy: 1\n", "files",
		  "files: # none\n  - R   # why: w\npolicy: 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf out = { 0 };
		struct err err = { 0 };

		assert_int_equal(policy_insert(span_of(cases[i].text), cases[i].section, "R", "w",
					       &out, &err),
				 0);
		assert_string_equal(strbuf_str(&out), cases[i].result);
	}
}

static void refuses_what_it_cannot_edit_line_by_line(void **state)
{
	static const char *const texts[] = { "{\"policy\": 1}", " \n{\"syscalls\":[]}",
					     "policy: 1\nsyscalls: [allow a]\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_strbuf struct strbuf out = { 0 };
		struct err err = { 0 };

		assert_int_equal(
			policy_insert(span_of(texts[i]), "syscalls", "R", NULL, &out, &err),
			-EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_one_line_and_leaves_the_rest),
		cmocka_unit_test(refuses_what_it_cannot_edit_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
