/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/image_choose.h"

static const struct image_descriptor images[] = {
	{ .digest = "a", .os = "linux", .arch = "arm", .variant = "v6" },
	{ .digest = "b", .os = "linux", .arch = "arm", .variant = "v7" },
	{ .digest = "c", .os = "windows", .arch = "amd64" },
	{ .digest = "d", .os = "linux", .arch = "amd64" },
	{ .digest = "e", .os = "unknown", .arch = "unknown" },
	{ .digest = "f" },
};

static void chooses_by_platform(void **state)
{
	static const struct {
		const char *platform, *digest;
	} cases[] = {
		{ "linux/amd64", "d" },    { "amd64", "d" },          { "linux/arm", "a" },
		{ "linux/arm/v7", "b" },   { "linux/arm/v8", NULL },  { "windows/amd64", "c" },
		{ "linux/amd64/v2", "d" }, { "linux/riscv64", NULL },
	};
	const struct image_index index = { .n = ARRAY_LEN(images),
					   .manifests =
						   (struct image_descriptor *)(uintptr_t)images };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct image_platform platform = { 0 };
		struct err err = { 0 };
		const struct image_descriptor *found;

		assert_int_equal(image_platform_parse(span_of(cases[i].platform), &platform, &err),
				 0);
		found = image_choose(&index, &platform);
		if (!cases[i].digest)
			assert_null(found);
		else
			assert_string_equal(found->digest, cases[i].digest);
	}
}

static void refuses_what_is_no_platform(void **state)
{
	static const char *const wrong[] = {
		"",          "/", "linux/", "/amd64", "Linux/amd64", "linux/amd64/", "linux/a/b/c",
		"linux/../x"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct image_platform platform = { .os = "untouched" };
		struct err err = { 0 };

		if (image_platform_parse(span_of(wrong[i]), &platform, &err) != -EINVAL)
			fail_msg("taken: %s", wrong[i]);
		assert_string_equal(platform.os, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_by_platform),
		cmocka_unit_test(refuses_what_is_no_platform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
