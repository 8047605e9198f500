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

static void restart_words(void **state)
{
	static const struct {
		const char *text;
		int result;
		enum restart_when when;
		uint32_t most;
	} cases[] = {
		/* clang-format off */
		{ "no",              0, RESTART_NEVER, 0 },
		{ "always",          0, RESTART_ALWAYS, 0 },
		{ "unless-stopped",  0, RESTART_ALWAYS, 0 },
		{ "on-failure",      0, RESTART_ON_FAILURE, 0 },
		{ "on-failure:3",    0, RESTART_ON_FAILURE, 3 },
		{ "on-failure:",     -EINVAL, RESTART_NEVER, 0 },
		{ "on-failure:0",    -EINVAL, RESTART_NEVER, 0 },
		{ "on-failure:x",    -EINVAL, RESTART_NEVER, 0 },
		{ "on-failures",     -EINVAL, RESTART_NEVER, 0 },
		{ "",                -EINVAL, RESTART_NEVER, 0 },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct run_options options = { .detach = true, .restart = cases[i].text };
		cleanup_arena struct arena arena = { 0 };
		struct life life = { 0 };
		struct err err = { 0 };

		assert_int_equal(life_make(&options, &arena, &life, &err), cases[i].result);
		assert_int_equal(life.restart, cases[i].when);
		assert_int_equal(life.restart_most, cases[i].most);
	}
}

static void waits_longer_while_it_keeps_ending_soon(void **state)
{
	const struct life never = { 0 };
	const struct life failure = { .restart = RESTART_ON_FAILURE, .restart_most = 2 };
	const struct life always = { .restart = RESTART_ALWAYS };

	(void)state;
	assert_int_equal(life_restart_wait(&never, 1, 1, 1), -1);
	assert_int_equal(life_restart_wait(&failure, 0, 1, 1), -1);
	assert_int_equal(life_restart_wait(&failure, 1, 1, 1), 100);
	assert_int_equal(life_restart_wait(&failure, 1, 2, 2), 200);
	assert_int_equal(life_restart_wait(&failure, 1, 3, 3), -1);
	assert_int_equal(life_restart_wait(&always, 0, 1000, 1), 100);
	assert_int_equal(life_restart_wait(&always, 0, 1000, UINT32_MAX), 60000);
}

static void health_options(void **state)
{
	struct run_options good = {
		.detach = true, .health_cmd = "true", .health_interval = "5s", .health_retries = "2"
	};
	struct run_options bad[6] = { good, good, good, good, good, good };
	cleanup_arena struct arena arena = { 0 };
	struct life life = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(life_make(&good, &arena, &life, &err), 0);
	assert_int_equal(life.health.interval_ms, 5000);
	assert_int_equal(life.health.timeout_ms, 30000);
	assert_int_equal(life.health.retries, 2);
	bad[0].health_cmd = NULL;
	bad[1].detach = false;
	bad[2].health_interval = "0s";
	bad[3].health_timeout = "soon";
	bad[4].health_retries = "0";
	bad[5].learn = "file";
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(life_make(&bad[i], &arena, &life, &err), -EINVAL);
}

static void is_written_with_any_bytes(void **state)
{
	const char *labels[] = { "a=\"q\"", "b" };
	char *argv[] = { (char *)(uintptr_t) "immure", (char *)(uintptr_t) "run\xff", NULL };
	const struct life life = { .name = "web", .n_labels = 2, .labels = labels };
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	life_json(&life, argv, "/x", &out);
	assert_string_equal(
		strbuf_str(&out),
		"{\"command\":[\"immure\",\"run\xef\xbf\xbd\"],\"cwd\":\"/x\",\"health\":null,\"labels\":{\"a\":"
		"\"\\\"q\\\"\",\"b\":\"\"},\"name\":\"web\",\"remove\":false,\"restart\":\"no\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_label_of_a_key_counts),
		cmocka_unit_test(a_label_without_a_key_is_refused),
		cmocka_unit_test(nothing_is_kept_or_all),
		cmocka_unit_test(restart_words),
		cmocka_unit_test(waits_longer_while_it_keeps_ending_soon),
		cmocka_unit_test(health_options),
		cmocka_unit_test(is_written_with_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
