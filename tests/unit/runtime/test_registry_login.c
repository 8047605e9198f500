/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/registry_login.h"

#define AUTH "{\"auth\":\"dTpwOnc=\"}" /* u:p:w */

static void finds_the_entry_that_is_meant(void **state)
{
	static const struct {
		const char *json, *host, *path;
		enum login_kind kind;
		const char *user, *password, *helper;
	} cases[] = {
		/* clang-format off */
		{ "{\"auths\":{\"r.io\":" AUTH "}}", "r.io", "a/b", LOGIN_PASSWORD, "u", "p:w", "" },
		{ "{\"auths\":{\"https://r.io/v2/\":" AUTH "}}", "r.io", "", LOGIN_PASSWORD, "u", "p:w", "" },
		{ "{\"auths\":{\"https://index.docker.io/v1/\":" AUTH "}}", "docker.io", "library/x", LOGIN_PASSWORD, "u", "p:w", "" },
		{ "{\"auths\":{\"r.io\":{\"auth\":\"eDp5\"},\"r.io/a\":" AUTH "}}", "r.io", "a/b", LOGIN_PASSWORD, "u", "p:w", "" },
		{ "{\"auths\":{\"r.io/a\":" AUTH "}}", "r.io", "ab", LOGIN_NONE, "", "", "" },
		{ "{\"auths\":{\"r.io\":{\"username\":\"n\",\"password\":\"q\"}}}", "r.io", "", LOGIN_PASSWORD, "n", "q", "" },
		{ "{\"auths\":{\"r.io\":{\"registrytoken\":\"tok\"}}}", "r.io", "", LOGIN_PASSWORD, "", "tok", "" },
		{ "{\"auths\":{\"r.io\":{}},\"credsStore\":\"desktop\"}", "r.io", "", LOGIN_HELPER, "", "", "desktop" },
		{ "{\"credHelpers\":{\"r.io\":\"pass\"},\"credsStore\":\"x\"}", "r.io", "", LOGIN_HELPER, "", "", "pass" },
		{ "{\"auths\":{\"r.io:1\":" AUTH "}}", "r.io", "", LOGIN_NONE, "", "", "" },
		{ "{}", "r.io", "", LOGIN_NONE, "", "", "" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct login_entry entry = { 0 };
		struct err err = { 0 };

		if (registry_login_parse(span_of(cases[i].json), cases[i].host, cases[i].path,
					 &entry, &err) < 0)
			fail_msg("%s: %s", cases[i].json, err.msg);
		assert_int_equal(entry.kind, cases[i].kind);
		assert_string_equal(entry.login.user, cases[i].user);
		assert_string_equal(entry.login.password, cases[i].password);
		assert_string_equal(entry.helper, cases[i].helper);
	}
}

static void refuses_what_makes_no_sense(void **state)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{\"auths\":{},\"auths\":{}}",
		"{\"auths\":{\"r.io\":{\"auth\":\"dTpw\\n\"}}}",
		"{\"auths\":{\"r.io\":{\"auth\":\"dXA=\"}}}", /* no colon */
		"{\"credsStore\":\"../../bin/sh\"}",
		"{\"credsStore\":\"a b\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct login_entry entry = { .helper = "untouched" };
		struct err err = { 0 };

		if (registry_login_parse(span_of(wrong[i]), "r.io", "", &entry, &err) != -EBADMSG)
			fail_msg("taken: %s", wrong[i]);
		assert_string_equal(entry.helper, "untouched");
	}
}

static void saves_beside_what_is_there(void **state)
{
	const char *dir = temp_dir_make();
	cleanup_arena struct arena arena = { 0 };
	struct registry_login login = { .user = "u", .password = "p:w" };
	struct registry_login found = { 0 };
	const char *path = NULL;
	struct err err = { 0 };
	struct stat st = { 0 };
	char file[300];
	FILE *f;

	(void)state;
	snprintf(file, sizeof(file), "%s/auth.json", dir);
	assert_int_equal(setenv("REGISTRY_AUTH_FILE", file, 1), 0);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("{\"HttpHeaders\":{\"a\":\"b\"},\"auths\":{\"other.io\":{\"auth\":\"eDp5\"}}}", f);
	fclose(f);
	assert_int_equal(registry_login_save("docker.io", &login, &arena, &path, &err), 0);
	assert_string_equal(path, file);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(registry_login_find("docker.io", "library/x", &found, &err), 1);
	assert_string_equal(found.password, "p:w");
	assert_int_equal(registry_login_find("other.io", "", &found, &err), 1);
	assert_string_equal(found.user, "x");
	assert_int_equal(registry_login_save("docker.io", NULL, &arena, &path, &err), 0);
	assert_int_equal(registry_login_save("docker.io", NULL, &arena, &path, &err), 1);
	assert_int_equal(registry_login_find("docker.io", "", &found, &err), 0);
	assert_int_equal(chmod(file, 0622), 0);
	assert_int_equal(registry_login_find("other.io", "", &found, &err), -EPERM);
	temp_dir_remove(dir);
	assert_int_equal(registry_login_find("other.io", "", &found, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_entry_that_is_meant),
		cmocka_unit_test(refuses_what_makes_no_sense),
		cmocka_unit_test(saves_beside_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
