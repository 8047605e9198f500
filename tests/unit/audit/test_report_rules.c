/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a policy in a report: each once, in order, with what became of its grants. */
#include "tests/support/unit.h"

#include <string.h>

#include "audit/report_parts.h"
#include "tests/support/policy_text.h"

#define POLICY                                                                        \
	"policy: 1\nextends: [builtin/glibc]\nsyscalls:\n  - allow ptrace vmsplice\n" \
	"  - allow kill\n  - deny mount\nfiles:\n  - read /a/**\n"
#define LINE_OF_TWO 4
#define LINE_USED 5
#define LINE_DENIED 6

struct fixture {
	struct arena arena;
	struct bundle bundle;
	struct grants grants;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct err err = { 0 };

	f = (struct fixture){ 0 };
	bundle_of_text(POLICY, &f.arena, &f.bundle);
	*state = &f;
	return grants_init(&f.bundle, &f.arena, &f.grants, &err);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	grants_done(&f->grants);
	arena_done(&f->arena);
	return 0;
}

static const json_t *line_of(const json_t *rules, uint32_t line)
{
	const json_t *found = NULL;
	const json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
	{
		if (strcmp(record_text(rule, "file", ""), "p") != 0 ||
		    record_number(rule, "line", 0) != line)
			continue;
		assert_null(found); /* each line once */
		found = rule;
	}
	assert_non_null(found);
	return found;
}

static void use_all(struct grants *grants, uint32_t line, enum grant_use use, uint64_t n)
{
	for (size_t i = 0; i < grants->n; i++) {
		struct grant *grant = &grants->items[i];

		if (grant->rule->where.line != line || strcmp(grant->rule->where.file, "p") != 0)
			continue;
		grant->use = use;
		grant->n = n;
		grant->unknown = use == GRANT_UNKNOWN ? "nobody knows" : NULL;
	}
}

static void lines_are_in_order_with_their_use(void **state)
{
	struct fixture *f = *state;
	json_t *rules;
	const json_t *rule;
	int64_t before = 0;
	size_t i;

	use_all(&f->grants, LINE_OF_TWO, GRANT_UNUSED, 0);
	use_all(&f->grants, LINE_USED, GRANT_USED, 12);
	rules = report_rules(&f->bundle, &f->grants, &f->arena);
	json_array_foreach(rules, i, rule)
	{
		if (strcmp(record_text(rule, "file", ""), "p") != 0)
			continue;
		assert_true(record_number(rule, "line", 0) > before);
		before = record_number(rule, "line", 0);
	}
	rule = line_of(rules, LINE_OF_TWO);
	assert_string_equal(record_text(rule, "use", ""), "unused");
	assert_int_equal(json_array_size(json_object_get(rule, "unused")), 2);
	assert_true(json_is_null(json_object_get(rule, "uses")));
	rule = line_of(rules, LINE_USED);
	assert_string_equal(record_text(rule, "use", ""), "used");
	assert_int_equal(record_number(rule, "uses", 0), 12);
	/* What grants nothing has no use. */
	assert_null(record_text(line_of(rules, LINE_DENIED), "use", NULL));
	json_decref(rules);
}

static void one_word_that_is_used_or_unknown_makes_the_line_so(void **state)
{
	struct fixture *f = *state;
	struct grant *first = NULL;
	json_t *rules;

	use_all(&f->grants, LINE_OF_TWO, GRANT_UNUSED, 0);
	for (size_t i = 0; i < f->grants.n && !first; i++) {
		if (strcmp(f->grants.items[i].text, "ptrace") == 0)
			first = &f->grants.items[i];
	}
	assert_non_null(first);
	first->use = GRANT_UNKNOWN;
	first->unknown = "nobody knows";
	rules = report_rules(&f->bundle, &f->grants, &f->arena);
	assert_string_equal(record_text(line_of(rules, LINE_OF_TWO), "use", ""), "unknown");
	assert_string_equal(record_text(line_of(rules, LINE_OF_TWO), "unknown", ""),
			    "nobody knows");
	json_decref(rules);
	first->use = GRANT_USED;
	rules = report_rules(&f->bundle, &f->grants, &f->arena);
	assert_string_equal(record_text(line_of(rules, LINE_OF_TWO), "use", ""), "used");
	json_decref(rules);
}

static void own_grants_are_counted(void **state)
{
	struct fixture *f = *state;
	json_t *counts;

	use_all(&f->grants, LINE_OF_TWO, GRANT_UNUSED, 0);
	use_all(&f->grants, LINE_USED, GRANT_USED, 1);
	counts = report_grants(&f->grants);
	assert_int_equal(record_number(counts, "unused", -1), 2);
	assert_int_equal(record_number(counts, "used", -1), 1);
	assert_int_equal(record_number(counts, "unknown", -1), 1); /* the file */
	json_decref(counts);
	counts = report_grants(NULL);
	assert_true(json_is_null(counts));
	json_decref(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_in_order_with_their_use, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_word_that_is_used_or_unknown_makes_the_line_so,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_grants_are_counted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
