/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"

/* RFC 4648, 10 */
static void knows_the_vectors(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfd", "//79" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		cleanup_strbuf struct strbuf coded = { 0 };
		cleanup_strbuf struct strbuf plain = { 0 };

		base64_encode(pairs[i][0], strlen(pairs[i][0]), &coded);
		assert_string_equal(strbuf_str(&coded), pairs[i][1]);
		assert_int_equal(base64_decode(span_of(pairs[i][1]), &plain), 0);
		assert_string_equal(strbuf_str(&plain), pairs[i][0]);
	}
}

static void refuses_what_is_none(void **state)
{
	static const char *const wrong[] = { "Z",    "Zg",   "Zg=",  "Zg= ",     "=",    "====",
					     "Zm8-", "Zh==", "Zm9=", "Zg==Zg==", "Z===", " Zm9v" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cleanup_strbuf struct strbuf plain = { 0 };

		if (base64_decode(span_of(wrong[i]), &plain) != -EINVAL)
			fail_msg("taken: %s", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_vectors),
		cmocka_unit_test(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
