/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "policies/bundle_manifest.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define END ",\"name\":\"n\",\"tool\":\"1\",\"version\":\"1\"}"
#define POLICY "\"policy.json\":\"" ZEROS "\""

static void reads_what_it_prints(void **state)
{
	static const char good[] = "{\"files\":{\"a.txt\":\"" ZEROS "\"," POLICY "}" END;
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct diags diags = { .arena = &arena };
	struct bundle_manifest m = { 0 };

	(void)state;
	assert_int_equal(bundle_manifest_read(span_of(good), "m", &arena, &m, &diags), 0);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.name, "n");
	assert_non_null(bundle_manifest_find(&m, "a.txt"));
	assert_null(bundle_manifest_find(&m, "b.txt"));
	bundle_manifest_print(&m, &out);
	assert_string_equal(strbuf_str(&out), good);
}

static void refuses_what_is_none_and_says_where(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"files\":{}" END,
		"{\"files\":{" POLICY "}}",
		"{\"files\":[\"policy.json\"]" END,
		"{\"files\":{" POLICY "},\"name\":\"n\",\"tool\":\"1\",\"version\":\"2\"}",
		"{\"files\":{" POLICY "},\"more\":\"1\"" END,
		"{\"files\":{" POLICY ",\"../x\":\"" ZEROS "\"}" END,
		"{\"files\":{\".x\":\"" ZEROS "\"," POLICY "}" END,
		"{\"files\":{\"manifest.json\":\"" ZEROS "\"," POLICY "}" END,
		"{\"files\":{" POLICY ",\"z\":\"00\"}" END,
		"{\"files\":{" POLICY ",\"z\":\"" ZEROS "0\"}" END,
		"{\"files\":{\"z\":\"" ZEROS "\"," POLICY "}" END, /* not sorted */
		"{\"files\":{" POLICY "," POLICY "}" END,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diags diags = { .arena = &arena };
		struct bundle_manifest m = { .name = "untouched" };

		if (bundle_manifest_read(span_of(bad[i]), "m", &arena, &m, &diags) != -EINVAL ||
		    diags.n == 0)
			fail_msg("accepted %s", bad[i]);
		assert_string_equal(m.name, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_prints),
		cmocka_unit_test(refuses_what_is_none_and_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
