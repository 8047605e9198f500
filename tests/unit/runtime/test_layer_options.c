/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>
#include <unistd.h>

#include "runtime/layer_options.h"

static void what_is_typed_is_what_is_meant(void **state)
{
	const struct layer_texts texts = { .ids = "range",
					   .max_bytes = "2MiB",
					   .max_entries = "7" };
	const struct layer_texts one = { .ids = "one" };
	const struct layer_texts none = { 0 };
	struct layer_settings settings = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(layer_texts_parse(&texts, &settings, &err), 0);
	assert_true(settings.range);
	assert_int_equal(settings.max_bytes, 2 << 20);
	assert_int_equal(settings.max_entries, 7);
	assert_int_equal(layer_texts_parse(&one, &settings, &err), 0);
	assert_int_equal(settings.range, geteuid() == 0); /* root's is a range in any case */
	assert_int_equal(layer_texts_parse(&none, &settings, &err), 0);
	assert_int_equal(settings.max_bytes + settings.max_entries, 0);
}

static void what_makes_no_sense_is_told(void **state)
{
	static const struct {
		struct layer_texts texts;
		const char *words;
	} rows[] = {
		{ { .ids = "two" }, "--ids two" },
		{ { .ids = "" }, "--ids" },
		{ { .max_bytes = "x" }, "--max-bytes x" },
		{ { .max_bytes = "-1" }, "--max-bytes -1" },
		{ { .max_entries = "1k" }, "--max-entries 1k" },
		{ { .ids = "one", .max_entries = "5000000000" }, "--max-entries" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct layer_settings settings = { .max_bytes = 5 };
		struct err err = { 0 };

		assert_int_equal(layer_texts_parse(&rows[i].texts, &settings, &err), -EINVAL);
		assert_int_equal(err.stage, ERR_USAGE);
		assert_non_null(strstr(err.msg, rows[i].words));
		assert_int_equal(settings.max_bytes, 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed_is_what_is_meant),
		cmocka_unit_test(what_makes_no_sense_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
