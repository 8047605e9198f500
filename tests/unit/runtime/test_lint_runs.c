/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of grants and of the runs that were read. */
#include "tests/support/unit.h"

#include <jansson.h>
#include <string.h>

#include "runtime/lint_runs.h"
#include "tests/support/policy_text.h"

#define POLICY                                                      \
	"policy: 1\nname: t\nextends: [builtin/glibc]\nsyscalls:\n" \
	"  - allow ptrace vmsplice\n  - allow kill\nfiles:\n  - read /a/**\n"

static struct arena arena;
static struct bundle bundle;
static struct policy policy;
static struct grant_runs runs;

static struct grant_tally *tally_of(const char *text)
{
	for (size_t i = 0; i < runs.grants.n; i++) {
		if (strcmp(runs.grants.items[i].text, text) == 0 &&
		    grant_is_own(&runs.grants, &runs.grants.items[i]))
			return &runs.tallies[i];
	}
	fail_msg("no grant %s", text);
	return NULL;
}

static int set_up(void **state)
{
	static struct grant_left_out left_out[12];
	struct err err = { 0 };

	(void)state;
	arena = (struct arena){ 0 };
	bundle_of_text(POLICY, &arena, &bundle);
	policy = (struct policy){ 0 };
	policy_of_text("p", POLICY, &arena, &policy);
	runs = (struct grant_runs){ .n_read = 4, .n_told = 3, .newest = "1-2" };
	assert_int_equal(grants_init(&bundle, &arena, &runs.grants, &err), 0);
	runs.tallies = arena_array(&arena, runs.grants.n, sizeof(*runs.tallies));
	for (size_t i = 0; i < runs.grants.n; i++)
		runs.tallies[i].unknown = "nobody knows";
	for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
		left_out[i] = (struct grant_left_out){ "9-9", "it was\ncut short" };
	runs.left_out = left_out;
	*tally_of("ptrace") = (struct grant_tally){ .told = 3 };
	*tally_of("vmsplice") = (struct grant_tally){ .told = 3 };
	*tally_of("kill") = (struct grant_tally){ .told = 3, .used = 1, .n = 7 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	grant_runs_done(&runs);
	arena_done(&arena);
	return 0;
}

static void grants_of_a_line_are_one_finding(void **state)
{
	struct lint lint = { .arena = &arena };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(lint_runs_find(&runs, &policy, "2026-11-26", &lint, &err), 0);
	assert_int_equal(lint.n, 1);
	assert_int_equal(lint.items[0].id, LINT_GRANT_UNUSED);
	assert_int_equal(lint.items[0].where.line, 5);
	assert_string_equal(lint.items[0].text, "ptrace, vmsplice in 3 runs");
}

static void those_of_other_numbers_of_runs_are_apart(void **state)
{
	struct lint lint = { .arena = &arena };
	struct err err = { 0 };

	(void)state;
	*tally_of("vmsplice") = (struct grant_tally){ .told = 1, .reads = 2 };
	assert_int_equal(lint_runs_find(&runs, &policy, "2026-11-26", &lint, &err), 0);
	assert_int_equal(lint.n, 1); /* findings of one id on one line become one */
	assert_non_null(strstr(lint.items[0].text, "ptrace in 3 runs"));
	assert_non_null(strstr(lint.items[0].text, "vmsplice (files there were read) in 1 run"));
}

static void people_are_told_each_reason_once(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	runs.n_left_out = 12;
	runs.older = true;
	lint_runs_text(&runs, &out);
	assert_non_null(strstr(strbuf_str(&out), "4 runs of t, the newest 1-2: "
						 "2 grants never used, 1 used, 1 not known\n"));
	assert_non_null(strstr(strbuf_str(&out), "  not known: read /a/**\n    nobody knows\n"));
	assert_non_null(strstr(strbuf_str(&out), "left out: run 9-9: it was\\ncut short\n"));
	assert_non_null(strstr(strbuf_str(&out), "... and 2 more left out\n"));
	assert_non_null(strstr(strbuf_str(&out), "older runs were not looked at"));
}

static void machines_are_told_every_grant(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	json_t *json;
	json_t *grant;
	size_t i;

	(void)state;
	runs.n_left_out = 1;
	lint_runs_json(&runs, &out);
	json = json_loads(strbuf_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "grants")), 4);
	assert_int_equal(json_array_size(json_object_get(json, "left_out")), 1);
	json_array_foreach(json_object_get(json, "grants"), i, grant)
	{
		const char *text = json_string_value(json_object_get(grant, "grant"));
		const char *use = json_string_value(json_object_get(grant, "use"));

		assert_string_equal(use, strcmp(text, "kill") == 0         ? "used"
					 : strcmp(text, "read /a/**") == 0 ? "unknown"
									   : "unused");
	}
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(grants_of_a_line_are_one_finding, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(those_of_other_numbers_of_runs_are_apart, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(people_are_told_each_reason_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(machines_are_told_every_grant, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
