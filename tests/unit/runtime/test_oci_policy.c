/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/oci_policy.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void reads_a_name_and_a_digest(void **state)
{
	struct oci_policy_ref ref = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(oci_policy_ref_parse("acme-web.v2@sha256:" HEX, &ref, &err), 0);
	assert_string_equal(ref.name, "acme-web.v2");
	assert_string_equal(ref.hex, HEX);
}

static void refuses_paths_and_what_is_no_digest(void **state)
{
	static const char *const cases[] = {
		"",
		"web",
		"web@",
		"@sha256:" HEX,
		"web@sha256:",
		"web@sha256:" HEX "0",
		"web@sha512:" HEX,
		"web@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"../web@sha256:" HEX,
		"/etc/web@sha256:" HEX,
		"a/b@sha256:" HEX,
		".web@sha256:" HEX,
		"-web@sha256:" HEX,
		"web @sha256:" HEX,
		"builtin/default@sha256:" HEX,
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@sha256:" HEX,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct oci_policy_ref ref = { .name = "untouched" };
		struct err err = { 0 };

		assert_true(oci_policy_ref_parse(cases[i], &ref, &err) < 0);
		assert_string_equal(ref.name, "untouched");
		assert_true(err.len > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_name_and_a_digest),
		cmocka_unit_test(refuses_paths_and_what_is_no_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
