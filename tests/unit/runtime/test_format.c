/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "runtime/format.h"

static const struct format_field fields[] = { { "ID", "6b" }, { "Name", "web" }, { "Exit", NULL } };

static void puts_fields_and_text(void **state)
{
	static const struct {
		const char *template, *text; /* NULL: refused */
	} cases[] = {
		/* clang-format off */
		{ "{{.ID}}",                    "6b\n" },
		{ "{{ .Name }}-{{ID}}",         "web-6b\n" },
		{ "a\\tb\\n{{.Exit}}|",         "a\tb\n|\n" },
		{ "",                           "\n" },
		{ "{ID}",                       "{ID}\n" },
		{ "{{.Id}}",                    NULL },
		{ "{{}}",                       NULL },
		{ "{{.ID",                      NULL },
		{ "{{",                         NULL },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf out = { 0 };
		struct err err = { 0 };
		int r = format_put(cases[i].template, fields, ARRAY_LEN(fields), &out, &err);

		assert_int_equal(r, cases[i].text ? 0 : -EINVAL);
		if (cases[i].text)
			assert_string_equal(strbuf_str(&out), cases[i].text);
		else
			assert_int_equal(err.stage, ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(puts_fields_and_text) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
