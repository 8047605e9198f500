/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "base/strbuf.h"
#include "sandbox/enter.h"

/* One request as bytes: the header, then texts as they stand in a C string with its NULs. */
struct sample {
	struct enter_request request;
	int result;
	const char *texts;
	size_t n;
};
#define TEXTS(s) (s), sizeof(s)

static int decode(const struct sample *s, struct arena *arena, struct enter_texts *ret)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct enter_request request = { 0 };
	struct err err = { 0 };

	strbuf_add(&bytes, &s->request, sizeof(s->request));
	strbuf_add(&bytes, s->texts, s->n);
	return enter_decode(strbuf_str(&bytes), bytes.len, arena, &request, ret, &err);
}

static void takes_what_is_whole_and_nothing_else(void **state)
{
	static const struct sample cases[] = {
		/* clang-format off */
		{ { 1, 0, 1, 0, 0, 0 }, 0, TEXTS("true\0") },
		{ { 1, ENTER_TTY | ENTER_STAYS, 2, 1, 0, 0 }, 0, TEXTS("sh\0-c\0A=\0") },
		{ { 1, ENTER_TTY, 1, 0, 33, 77 }, 0, TEXTS("sh\0") },
		{ { 1, 0, 1, 0, 33, 0 }, -EINVAL, TEXTS("sh\0") },
		{ { 1, 0, 1, 0, 0, 77 }, -EINVAL, TEXTS("sh\0") },
		{ { 1, ENTER_WORKDIR, 1, 0, 0, 0 }, 0, TEXTS("true\0/usr") },
		{ { 1, 0, 0, 0, 0, 0 }, -EINVAL, TEXTS("") },
		{ { 1, 8, 1, 0, 0, 0 }, -EINVAL, TEXTS("true\0") },
		{ { 1, 0, 2, 0, 0, 0 }, -EINVAL, TEXTS("true\0") },
		{ { 1, 0, 1, 0, 0, 0 }, -EINVAL, TEXTS("true\0\0") },
		{ { 1, 0, 1, 0, 0, 0 }, -EINVAL, TEXTS("true") },
		{ { 1, 0, UINT32_MAX, 0, 0, 0 }, -EINVAL, TEXTS("true\0") },
		{ { 1, 0, 1, UINT32_MAX, 0, 0 }, -EINVAL, TEXTS("true\0") },
		{ { 1, 0, 1, 0, 0, 0 }, -EINVAL, TEXTS("\0") },
		{ { 1, 0, 1, 1, 0, 0 }, -EINVAL, TEXTS("true\0=x\0") },
		{ { 1, 0, 1, 1, 0, 0 }, -EINVAL, TEXTS("true\0x\0") },
		{ { 1, ENTER_WORKDIR, 1, 0, 0, 0 }, -EINVAL, TEXTS("true\0usr") },
		{ { 1, 0, 1, 0, 0, 0 }, -EINVAL, TEXTS("true\0/usr") },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct enter_texts texts = { 0 };

		assert_int_equal(decode(&cases[i], &arena, &texts), cases[i].result);
		if (cases[i].result < 0)
			assert_null(texts.args);
	}
}

static void a_text_without_its_end_is_refused(void **state)
{
	const struct sample s = { { 1, 0, 1, 0, 0, 0 }, 0, "true\0x", 6 };
	cleanup_arena struct arena arena = { 0 };
	struct enter_texts texts = { 0 };

	(void)state;
	assert_int_equal(decode(&s, &arena, &texts), -EINVAL);
}

static void gives_back_what_was_put_in(void **state)
{
	const char *args[] = { "sh", "-c", "echo \"a b\"", NULL };
	const char *env[] = { "A=1", "B=", NULL };
	const struct enter_request request = { 7, ENTER_WORKDIR | ENTER_TTY, 3, 2, 33, 77 };
	const struct enter_texts texts = { args, env, "/tmp" };
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct enter_request got = { 0 };
	struct enter_texts back = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(enter_encode(&request, &texts, &bytes, &err), 0);
	assert_int_equal(enter_decode(bytes.p, bytes.len, &arena, &got, &back, &err), 0);
	assert_memory_equal(&got, &request, sizeof(got));
	assert_string_equal(back.args[2], args[2]);
	assert_null(back.args[3]);
	assert_string_equal(back.env[1], "B=");
	assert_string_equal(back.workdir, "/tmp");
}

static void more_than_a_message_holds_is_refused(void **state)
{
	static char large[ENTER_MAX];
	const char *args[] = { large, NULL };
	const char *env[] = { NULL };
	const struct enter_request request = { .n_args = 1 };
	const struct enter_texts texts = { args, env, "" };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct err err = { 0 };

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	assert_int_equal(enter_encode(&request, &texts, &bytes, &err), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_whole_and_nothing_else),
		cmocka_unit_test(a_text_without_its_end_is_refused),
		cmocka_unit_test(gives_back_what_was_put_in),
		cmocka_unit_test(more_than_a_message_holds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
