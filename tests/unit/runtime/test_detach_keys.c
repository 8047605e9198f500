/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/detach_keys.h"

static void takes_dockers_notation_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* 0: refused */
		const char *keys;
	} cases[] = {
		/* clang-format off */
		{ "ctrl-p,ctrl-q",    2, "\020\021" },
		{ "ctrl-P",           1, "\020" },
		{ "x",                1, "x" },
		{ "a,b,ctrl-c",       3, "ab\003" },
		{ "ctrl-@",           1, "\0" },
		{ "ctrl-a,ctrl-z",    2, "\001\032" },
		{ "ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", 5, "\033\034\035\036\037" },
		{ "-,ctrl--",         0, NULL },
		{ "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",   16, "1111111111111111" },
		{ "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",  0, NULL },
		{ "",                 0, NULL },
		{ ",",                0, NULL },
		{ "a,",               0, NULL },
		{ ",a",               0, NULL },
		{ "ab",               0, NULL },
		{ "ctrl-",            0, NULL },
		{ "ctrl-1",           0, NULL },
		{ "ctrl-pp",          0, NULL },
		{ "Ctrl-p",           0, NULL },
		{ "ctrl-p ctrl-q",    0, NULL },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct detach_keys keys = { .n = 77 };
		struct err err = { 0 };
		int r = detach_keys_parse(cases[i].text, &keys, &err);

		assert_int_equal(r, cases[i].n ? 0 : -EINVAL);
		assert_int_equal(keys.n, cases[i].n ? cases[i].n : 77);
		if (cases[i].n)
			assert_memory_equal(keys.keys, cases[i].keys, cases[i].n);
	}
}

static void passes_on_all_but_the_keys_however_it_is_cut(void **state)
{
	static const struct {
		const char *keys, *typed, *passed;
		bool left;
	} cases[] = {
		/* clang-format off */
		{ "p,q",   "hello",      "hello",   false },
		{ "p,q",   "pq",         "",        true },
		{ "p,q",   "xpqrest",    "x",       true },
		{ "p,q",   "ppq",        "p",       true },
		{ "p,q",   "papb",       "papb",    false },
		{ "p,q",   "ap",         "a",       false }, /* kept back */
		{ "a,a,b", "aaab",       "a",       true },
		{ "a,b,a,c", "ababac",   "ab",      true },
		{ "a,b,a,c", "ababd",    "ababd",   false },
		{ "q",     "xqy",        "x",       true },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t all = strlen(cases[i].typed);

		for (size_t piece = 1; piece <= all; piece++) {
			struct detach_keys keys = { 0 };
			struct err err = { 0 };
			char out[64 + DETACH_KEYS_MAX];
			char got[128];
			size_t n_got = 0;
			bool left = false;

			assert_int_equal(detach_keys_parse(cases[i].keys, &keys, &err), 0);
			for (size_t at = 0; at < all && !left; at += piece) {
				size_t n = 0;

				left = detach_keys_filter(&keys, cases[i].typed + at,
							  piece < all - at ? piece : all - at, out,
							  &n);
				memcpy(got + n_got, out, n);
				n_got += n;
			}
			assert_int_equal(left, cases[i].left);
			assert_int_equal(n_got, strlen(cases[i].passed));
			assert_memory_equal(got, cases[i].passed, n_got);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_dockers_notation_and_nothing_else),
		cmocka_unit_test(passes_on_all_but_the_keys_however_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
