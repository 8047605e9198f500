/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/auth_challenge.h"

static void reads_what_registries_send(void **state)
{
	static const struct {
		const char *value;
		struct auth_challenge expected;
	} cases[] = {
		/* clang-format off */
		{ "Basic realm=\"Registry Realm\"", { AUTH_BASIC, "Registry Realm", "", "" } },
		{ "bearer realm=\"https://a/t\",service=\"s\" , scope=\"repository:x:pull,push\"",
		  { AUTH_BEARER, "https://a/t", "s", "repository:x:pull,push" } },
		{ "Bearer service=s,realm=https,error=\"invalid_token\"", { AUTH_BEARER, "https", "s", "" } },
		{ "Basic realm=\"r\", Bearer realm=\"https://a\\\"b\"", { AUTH_BEARER, "https://a\"b", "", "" } },
		{ "Bearer realm=\"a\",service=\"b\",Basic realm=\"r\"", { AUTH_BEARER, "a", "b", "" } },
		{ "Negotiate YII/a+b==, Basic realm=\"r\"", { AUTH_BASIC, "r", "", "" } },
		{ "Digest realm=\"r\", nonce=\"n\"", { AUTH_NONE, "", "", "" } },
		{ "", { AUTH_NONE, "", "", "" } },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct auth_challenge got = { 0 };
		struct err err = { 0 };

		if (auth_challenge_parse(span_of(cases[i].value), &got, &err) < 0)
			fail_msg("%s: %s", cases[i].value, err.msg);
		assert_int_equal(got.scheme, cases[i].expected.scheme);
		assert_string_equal(got.realm, cases[i].expected.realm);
		assert_string_equal(got.service, cases[i].expected.service);
		assert_string_equal(got.scope, cases[i].expected.scope);
	}
}

static void refuses_what_makes_no_sense(void **state)
{
	static const char *const wrong[] = {
		"Bearer service=\"s\"",  "Bearer realm=\"open",    "realm=\"x\"",
		"Bearer realm=\"a\nb\"", "Bearer realm=\"x\" (y)", "=",
	};
	char text[4096];
	struct auth_challenge got = { .service = "untouched" };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (auth_challenge_parse(span_of(wrong[i]), &got, &err) != -EBADMSG)
			fail_msg("taken: %s", wrong[i]);
	}
	memset(text, 'a', sizeof(text));
	memcpy(text, "Bearer realm=", 13);
	assert_int_equal(auth_challenge_parse((struct span){ text, sizeof(text) }, &got, &err),
			 -EBADMSG);
	assert_string_equal(got.service, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_registries_send),
		cmocka_unit_test(refuses_what_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
