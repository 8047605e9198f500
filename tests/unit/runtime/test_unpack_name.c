/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/unpack_name.h"

#define A100 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void takes_names_apart(void **state)
{
	static const struct {
		const char *raw;
		enum entry_role role;
		const char *dir, *base;
	} cases[] = {
		{ "etc/passwd", ENTRY_PLAIN, "etc", "passwd" },
		{ "./usr//lib/./x/", ENTRY_PLAIN, "usr/lib", "x" },
		{ "./", ENTRY_ROOT, "", "" },
		{ "/", ENTRY_ROOT, "", "" },
		{ "bin", ENTRY_PLAIN, "", "bin" },
		{ "a/.wh.b", ENTRY_WHITEOUT, "a", "b" },
		{ ".wh.b/", ENTRY_WHITEOUT, "", "b" },
		{ "a/b/.wh..wh..opq", ENTRY_OPAQUE, "a/b", "" },
		{ "a/...", ENTRY_PLAIN, "a", "..." },
		{ "a/.wh", ENTRY_PLAIN, "a", ".wh" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct entry_name name = { 0 };
		struct err err = { 0 };

		assert_int_equal(entry_name_parse(span_of(cases[i].raw), &name, &err), 0);
		assert_int_equal(name.role, cases[i].role);
		assert_string_equal(name.dir, cases[i].dir);
		assert_string_equal(name.base, cases[i].base);
	}
}

static void refuses_what_leads_out_or_hides_nothing(void **state)
{
	static const char *const names[] = {
		"",        "..",
		"../x",    "a/../b",
		"a/..",    "/etc/passwd",
		".wh.",    ".wh..",
		".wh...",  "a/.wh.",
		".wh.a/b", ".wh..wh.plnk",
		"//",      ".wh..wh..opq/x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct entry_name name = { .role = ENTRY_OPAQUE };
		struct err err = { 0 };

		assert_true(entry_name_parse(span_of(names[i]), &name, &err) < 0);
		assert_int_equal(name.role, ENTRY_OPAQUE);
		assert_true(err.code > 0);
	}
}

static void refuses_nul_and_length(void **state)
{
	struct entry_name name = { 0 };
	struct err err = { 0 };
	char path[PATH_MAX + 8];

	(void)state;
	assert_int_equal(entry_name_parse((struct span){ "a\0b", 3 }, &name, &err), -EINVAL);
	assert_int_equal(entry_name_parse(span_of(A100 A100 A100), &name, &err), -ENAMETOOLONG);
	memset(path, 'a', sizeof(path));
	for (size_t i = 100; i < sizeof(path); i += 100)
		path[i] = '/';
	assert_int_equal(entry_name_parse((struct span){ path, PATH_MAX }, &name, &err),
			 -ENAMETOOLONG);
	assert_int_equal(entry_name_parse((struct span){ path, PATH_MAX - 1 }, &name, &err), 0);
}

static void keeps_only_harmless_attributes(void **state)
{
	(void)state;
	assert_true(entry_xattr_is_kept("user.mime_type"));
	assert_false(entry_xattr_is_kept("user."));
	assert_false(entry_xattr_is_kept("user.overlay.redirect"));
	assert_false(entry_xattr_is_kept("trusted.overlay.opaque"));
	assert_false(entry_xattr_is_kept("security.capability"));
	assert_false(entry_xattr_is_kept("system.posix_acl_access"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_names_apart),
		cmocka_unit_test(refuses_what_leads_out_or_hides_nothing),
		cmocka_unit_test(refuses_nul_and_length),
		cmocka_unit_test(keeps_only_harmless_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
