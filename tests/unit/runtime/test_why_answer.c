/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "runtime/why.h"

static const struct rule rule = { .text = "deny uname",
				  .why = "nobody asks",
				  .where = { "p.yaml", 8, 5 } };

static void assert_text(const struct why_answer *answer, const char *expected)
{
	FILE *ours = stdout;
	char *text = NULL;
	size_t n = 0;

	stdout = open_memstream(&text, &n);
	assert_non_null(stdout);
	why_print_text(answer);
	fclose(stdout);
	stdout = ours;
	assert_string_equal(text, expected);
	free(text);
}

static void assert_json(const struct why_answer *answer, const char *expected)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_object(&j);
	why_put_json(answer, &j);
	jsonw_object_end(&j);
	assert_string_equal(strbuf_str(&out), expected);
}

static void a_refusal_has_all_that_is_known(void **state)
{
	cleanup(why_answer_done) struct why_answer a = {
		.layer = "seccomp",
		.reason = "no rule allows it",
		.nearest = &rule,
		.section = "syscalls",
		.line = "allow uname",
		.risk = { "low", "names of the machine" },
		.note = "a hint",
		.confirmed = "seccomp",
		.bisect = "it goes through without it",
		.file = "p.yaml",
		.is_added = true,
	};
	json_t *lineage = json_loads("[{\"comm\":\"cat\"},{\"comm\":\"sh\"}]", 0, NULL);

	(void)state;
	a.lineage = lineage;
	strbuf_puts(&a.asked, "d1  uname()");
	assert_text(&a, "d1  uname()\n"
			"  lineage   cat <- sh\n"
			"  layer     seccomp: no rule allows it\n"
			"  nearest   p.yaml:8  deny uname\n"
			"  because   nobody asks\n"
			"  to allow  under syscalls:  - allow uname\n"
			"  risk      low: names of the machine\n"
			"  note      a hint\n"
			"  confirmed seccomp: it goes through without it\n"
			"  added to  p.yaml\n");
	assert_json(&a, "{\"added\":true,\"asked\":\"d1  uname()\","
			"\"bisect\":\"it goes through without it\",\"confirmed\":\"seccomp\","
			"\"file\":\"p.yaml\",\"layer\":\"seccomp\","
			"\"line\":{\"section\":\"syscalls\",\"text\":\"allow uname\"},"
			"\"lineage\":[\"cat\",\"sh\"],"
			"\"nearest\":{\"file\":\"p.yaml\",\"line\":8,\"text\":\"deny uname\","
			"\"why\":\"nobody asks\"},\"note\":\"a hint\",\"predicted\":false,"
			"\"reason\":\"no rule allows it\",\"refused\":true,"
			"\"risk\":{\"level\":\"low\",\"reason\":\"names of the machine\"}}");
	json_decref(lineage);
}

static void what_is_not_known_is_not_said(void **state)
{
	cleanup(why_answer_done) struct why_answer a = { .is_open = true,
							 .reason = "its mode decides" };

	(void)state;
	strbuf_puts(&a.asked, "read /x");
	assert_text(&a, "read /x\n  layer     none of immure's refuses it: its mode decides\n");
	assert_json(&a, "{\"asked\":\"read /x\",\"layer\":null,\"predicted\":false,"
			"\"reason\":\"its mode decides\",\"refused\":false}");
}

/* A program chooses its own name, and those of its files. */
static void a_terminal_is_not_written_to_by_programs(void **state)
{
	cleanup(why_answer_done) struct why_answer a = { .layer = "landlock", .predicted = true };
	json_t *lineage = json_loads("[{\"comm\":\"\\u001b[2J\"}]", 0, NULL);

	(void)state;
	a.lineage = lineage;
	a.remedy = "look\nbelow";
	strbuf_puts(&a.asked, "read /tmp/\033[31m");
	assert_text(&a, "read /tmp/\\x1b[31m\n"
			"  lineage   \\x1b[2J\n"
			"  layer     landlock (predicted)\n"
			"  to allow  look\\nbelow\n");
	json_decref(lineage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_has_all_that_is_known),
		cmocka_unit_test(what_is_not_known_is_not_said),
		cmocka_unit_test(a_terminal_is_not_written_to_by_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
