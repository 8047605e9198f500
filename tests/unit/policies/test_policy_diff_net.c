/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/policy_diff_parts.h"
#include "policies/policy_read.h"

struct sides {
	struct arena arena;
	struct policy a, b;
	struct policy_diff diff;
};

static void read_one(struct sides *s, const char *rules, struct policy *ret)
{
	struct diags diags = { .arena = &s->arena };
	const char *text =
		arena_printf(&s->arena, "policy: 1\n%s%s", *rules ? "network:\n  - " : "", rules);

	if (policy_read(span_of(text), "t", &s->arena, ret, &diags) < 0)
		fail_msg("%s: %s", rules, diags.items[0].text);
}

static void compare(struct sides *s, const char *a, const char *b)
{
	struct err err = { 0 };

	*s = (struct sides){ 0 };
	s->diff.arena = &s->arena;
	read_one(s, a, &s->a);
	read_one(s, b, &s->b);
	assert_int_equal(diff_net(&s->a, &s->b, &s->diff, &err), 0);
}

/* clang-format off */
static const struct {
	const char *a, *b;
	enum diff_class class;
	const char *witness; /* NULL: they mean the same */
} rows[] = {
	{ "connect tcp 10.0.0.0/8:80", "connect tcp 10.0.0.0/8:80-81", DIFF_WIDER, "connect tcp 10." },
	{ "connect tcp 10.0.0.0/8:80", "connect tcp 10.0.0.0/9:80", DIFF_NARROWER, "connect tcp 10." },
	{ "connect tcp a.example:443", "connect tcp b.example:443\n  - connect tcp a.example:443", DIFF_WIDER, "connect tcp b.example:443" },
	{ "connect tcp 10.0.0.0/8:80", "connect tcp 10.0.0.0/8:80\n  - deny to 10.1.0.0/16", DIFF_NARROWER, "connect tcp 10.1." },
	{ "listen tcp 127.0.0.1:80", "listen tcp 127.0.0.1:80\n  - listen udp 127.0.0.1:80", DIFF_WIDER, "udp 127.0.0.1:80" },
	{ "connect tcp 10.0.0.0/8:80", "connect tcp 10.0.0.0/9:80 10.128.0.0/9:80", 0, NULL },
	{ "connect tcp *:443", "connect tcp *:443 10.0.0.1:443", 0, NULL },
	{ "connect tcp,udp 10.0.0.1:5", "connect tcp 10.0.0.1:5\n  - connect udp 10.0.0.1:5", 0, NULL },
};
/* clang-format on */

static void compares_what_rules_mean(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sides s;
		bool found = false;

		compare(&s, rows[i].a, rows[i].b);
		for (size_t k = 0; k < s.diff.n && rows[i].witness; k++) {
			assert_int_equal(s.diff.items[k].class, rows[i].class);
			assert_string_equal(s.diff.items[k].area, "network");
			found = found || strstr(s.diff.items[k].witness, rows[i].witness);
		}
		if (rows[i].witness ? !found : s.diff.n != 0)
			fail_msg("row %zu: %zu differences, the first %s", i, s.diff.n,
				 s.diff.n ? s.diff.items[0].witness : "none");
		arena_done(&s.arena);
	}
}

/* A policy without network rules refuses nothing by them: to have some is narrower. */
static void no_rules_are_wider_than_any(void **state)
{
	struct sides s;

	(void)state;
	compare(&s, "", "connect tcp 10.0.0.1:80");
	assert_true(s.diff.n > 0);
	for (size_t i = 0; i < s.diff.n; i++)
		assert_int_equal(s.diff.items[i].class, DIFF_NARROWER);
	assert_string_equal(s.diff.items[0].before, "not refused: no network rules");
	arena_done(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_what_rules_mean),
		cmocka_unit_test(no_rules_are_wider_than_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
