/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/strbuf.h"
#include "runtime/life.h"

static int make(const char **labels, size_t n, struct arena *arena, struct life *ret)
{
	const struct run_options options = { .labels = { n, n, labels } };
	struct err err = { 0 };
	int r = life_make(&options, arena, ret, &err);

	if (r < 0)
		assert_int_equal(err.stage, ERR_USAGE);
	return r;
}

static void the_last_label_of_a_key_counts(void **state)
{
	const char *labels[] = { "a=1", "a.b/c-d_e=x=y z", "a=2", "flag" };
	cleanup_arena struct arena arena = { 0 };
	struct life life = { 0 };

	(void)state;
	assert_int_equal(make(labels, ARRAY_LEN(labels), &arena, &life), 0);
	assert_int_equal(life.n_labels, 3);
	assert_string_equal(life.labels[0], "a=2");
	assert_string_equal(life.labels[2], "flag");
}

static void a_label_without_a_key_is_refused(void **state)
{
	static const char *const bad[] = { "", "=x", "a b=c", "a=b\nc", "\x1b=1", "\xc3\xa4=1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct life life = { .n_labels = 77 };
		const char *labels[] = { bad[i] };

		assert_int_equal(make(labels, 1, &arena, &life), -EINVAL);
		assert_int_equal(life.n_labels, 77);
	}
}

static void nothing_is_kept_or_all(void **state)
{
	const struct run_options options = { .remove = true, .keep = true };
	cleanup_arena struct arena arena = { 0 };
	struct life life = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(life_make(&options, &arena, &life, &err), -EINVAL);
}

static void is_written_with_any_bytes(void **state)
{
	const char *labels[] = { "a=\"q\"", "b" };
	char *argv[] = { (char *)(uintptr_t) "immure", (char *)(uintptr_t) "run\xff", NULL };
	const struct life life = { .name = "web", .n_labels = 2, .labels = labels };
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	life_json(&life, argv, &out);
	assert_string_equal(strbuf_str(&out),
			    "{\"command\":[\"immure\",\"run\xef\xbf\xbd\"],\"labels\":{\"a\":"
			    "\"\\\"q\\\"\",\"b\":\"\"},\"name\":\"web\",\"remove\":false}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_label_of_a_key_counts),
		cmocka_unit_test(a_label_without_a_key_is_refused),
		cmocka_unit_test(nothing_is_kept_or_all),
		cmocka_unit_test(is_written_with_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
