/* SPDX-License-Identifier: Apache-2.0 */
/* Formats and gates on small reports that are written out here. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "audit/report.h"

#define FINDING(id, status, severity)                                                             \
	"{\"standard\":\"s-1\",\"prefix\":\"S\",\"id\":\"" id "\",\"status\":\"" status           \
	"\",\"severity\":\"" severity "\",\"title\":\"t\",\"expected\":\"e\",\"observed\":\"o\"," \
	"\"level\":\"E3\",\"source\":\"k\",\"remedy\":\"r\",\"place\":{\"file\":\"p.yaml\","      \
	"\"line\":7,\"rule\":\"x\"},\"waiver\":null}"
#define REPORT(findings, chain, sealed)                                                  \
	"{\"schema\":\"immure-report/1\",\"findings\":[" findings "],\"completeness\":{" \
	"\"chain\":\"" chain "\",\"sealed\":" sealed ",\"records\":2,\"dropped\":0}}"

static json_t *load(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static int gate(const char *report, const char *baseline, enum severity fail_on)
{
	json_t *r = load(report);
	json_t *b = baseline ? load(baseline) : NULL;
	struct gate g = { .fail_on = fail_on, .baseline = b };
	int result = (int)report_gate(r, &g);

	json_decref(r);
	json_decref(b);
	return result;
}

static void the_worst_decides(void **state)
{
	static const char pass[] = REPORT(FINDING("1", "pass", "high"), "ok", "true");
	static const char fail[] = REPORT(FINDING("1", "fail", "medium"), "ok", "true");
	static const char open[] = REPORT(FINDING("1", "not-proven", "medium"), "ok", "true");
	static const char both[] = REPORT(
		FINDING("1", "not-proven", "high") "," FINDING("2", "fail", "low"), "ok", "true");
	static const char waived[] = REPORT(FINDING("1", "waived", "high"), "ok", "true");
	static const char broken[] = REPORT(FINDING("1", "pass", "high"), "bad", "true");
	static const char unsealed[] = REPORT(FINDING("1", "fail", "high"), "ok", "false");

	(void)state;
	assert_int_equal(gate(pass, NULL, SEVERITY_LOW), GATE_PASS);
	assert_int_equal(gate(fail, NULL, SEVERITY_MEDIUM), GATE_FINDINGS);
	assert_int_equal(gate(fail, NULL, SEVERITY_HIGH), GATE_PASS);
	assert_int_equal(gate(open, NULL, SEVERITY_LOW), GATE_NOT_PROVEN);
	assert_int_equal(gate(open, NULL, SEVERITY_HIGH), GATE_PASS);
	assert_int_equal(gate(both, NULL, SEVERITY_LOW), GATE_FINDINGS);
	assert_int_equal(gate(both, NULL, SEVERITY_MEDIUM), GATE_NOT_PROVEN);
	assert_int_equal(gate(waived, NULL, SEVERITY_LOW), GATE_PASS);
	assert_int_equal(gate(broken, NULL, SEVERITY_CRITICAL), GATE_BROKEN);
	assert_int_equal(gate(unsealed, NULL, SEVERITY_CRITICAL), GATE_BROKEN);
	/* Nothing in it is no pass. */
	assert_int_equal(gate("{}", NULL, SEVERITY_LOW), GATE_BROKEN);
}

static void a_baseline_forgives_only_what_was_there(void **state)
{
	static const char fail[] = REPORT(FINDING("1", "fail", "high"), "ok", "true");
	static const char open[] = REPORT(FINDING("1", "not-proven", "high"), "ok", "true");
	static const char pass[] = REPORT(FINDING("1", "pass", "high"), "ok", "true");

	(void)state;
	assert_int_equal(gate(fail, fail, SEVERITY_LOW), GATE_PASS);
	assert_int_equal(gate(fail, pass, SEVERITY_LOW), GATE_FINDINGS);
	assert_int_equal(gate(fail, open, SEVERITY_LOW), GATE_FINDINGS);
	assert_int_equal(gate(open, open, SEVERITY_LOW), GATE_PASS);
	assert_int_equal(gate(open, pass, SEVERITY_LOW), GATE_NOT_PROVEN);
	assert_int_equal(gate(fail, "{}", SEVERITY_LOW), GATE_FINDINGS);
}

static void render(const char *report, void (*fn)(const json_t *, struct strbuf *),
		   struct strbuf *out)
{
	json_t *json = load(report);

	fn(json, out);
	assert_false(out->failed);
	json_decref(json);
}

static void sarif_points_at_the_line(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	const json_t *result, *physical;
	json_t *log;

	(void)state;
	render(REPORT(FINDING("1", "pass", "high") "," FINDING("2", "fail", "high"), "ok", "true"),
	       report_sarif, &out);
	log = load(out.p);
	result = json_object_get(json_array_get(json_object_get(log, "runs"), 0), "results");
	assert_int_equal(json_array_size(result), 1);
	result = json_array_get(result, 0);
	assert_string_equal(json_string_value(json_object_get(result, "ruleId")), "s-1/2");
	assert_string_equal(json_string_value(json_object_get(result, "level")), "error");
	physical = json_object_get(json_array_get(json_object_get(result, "locations"), 0),
				   "physicalLocation");
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(physical, "region"), "startLine")),
			 7);
	json_decref(log);
}

/* However many there are, who was refused something is drawn, below whoever made it. */
static void the_page_draws_whom_something_was_refused(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	json_t *report = load(REPORT(FINDING("1", "pass", "high"), "ok", "true"));
	json_t *list = json_array();
	const char *p;
	int rows = 0;

	(void)state;
	for (int pid = 1; pid <= 400; pid++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:i, s:i}", "denied", pid == 399,
						      "name", pid == 398 ? "/bin/maker" : "/bin/x",
						      "parent", pid == 399 ? 398 : 0, "pid", pid));
	json_object_set_new(report, "activity", json_pack("{s:o}", "processes", list));
	report_html(report, &out);
	for (p = out.p; (p = strstr(p, "<text class=\"mono\"")) != NULL; p++)
		rows++;
	assert_int_equal(rows, 60);
	p = strstr(out.p, "/bin/maker");
	assert_non_null(p);
	assert_non_null(strstr(p, ">399</tspan> <tspan class=\"mark fail\">1 refused"));
	assert_non_null(strstr(out.p, "and 340 more processes"));
	json_decref(report);
}

static void what_is_not_proven_is_an_error_of_junit(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	render(REPORT(FINDING("1", "not-proven", "high") "," FINDING(
			      "2", "fail", "low") "," FINDING("3", "manual",
							      "low") "," FINDING("4", "pass",
										 "low"),
		      "ok", "true"),
	       report_junit, &out);
	assert_non_null(strstr(out.p, "<error message=\"expected e; observed o\" type=\"high\">"));
	assert_non_null(strstr(out.p, "<failure message="));
	assert_non_null(strstr(out.p, "<skipped>expected "));
	assert_non_null(strstr(out.p, "name=\"4 t\" time=\"0\"/>"));
}

/* A spreadsheet must not take a cell for a formula. */
static void csv_holds_no_formula(void **state)
{
	static const char *const evil[] = { "=1+1", "+1", "-1", "@x", "\\t=1", "|x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(evil); i++) {
		cleanup_strbuf struct strbuf out = { 0 };
		char report[512];

		snprintf(report, sizeof(report),
			 "{\"findings\":[{\"title\":\"%s\",\"id\":\"a\\\"b\"}]}", evil[i]);
		render(report, report_csv, &out);
		assert_non_null(strstr(out.p, "\"'"));
		assert_non_null(strstr(out.p, "\"a\"\"b\""));
	}
}

static void markdown_is_short_whatever_there_is(void **state)
{
	cleanup_strbuf struct strbuf report = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	int lines = 0;

	(void)state;
	strbuf_puts(&report, "{\"findings\":[");
	for (int i = 0; i < 200; i++)
		strbuf_addf(&report, "%s%s", i ? "," : "", FINDING("1", "fail", "high"));
	strbuf_puts(&report, "],\"activity\":{\"denials\":[");
	for (int i = 0; i < 200; i++)
		strbuf_addf(&report, "%s{\"text\":\"a|b<c>\\n\"}", i ? "," : "");
	strbuf_puts(&report, "]}}");
	render(report.p, report_markdown, &out);
	for (size_t i = 0; i < out.len; i++)
		lines += out.p[i] == '\n';
	assert_true(lines <= 60);
	assert_null(strstr(out.p, "a|b"));
	assert_null(strstr(out.p, "<c>"));
}

static void html_runs_nothing(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	render("{\"findings\":[{\"status\":\"\\\"><script>alert(1)</script>\",\"title\":\"<img src=x>\"}],"
	       "\"subject\":{\"argv\":[\"<script>\"]}}",
	       report_html, &out);
	assert_null(strstr(out.p, "<script"));
	assert_null(strstr(out.p, "<img"));
	assert_null(strstr(out.p, "http://"));
	assert_null(strstr(out.p, "https://"));
	assert_non_null(strstr(out.p, "default-src 'none'"));
}

/* A report is of one run; only audit show adds what others have left unused. */
static void unused_grants_are_counted(void **state)
{
#define GRANTS(unknown, unused, used) \
	"\"policy\":{\"grants\":{\"unknown\":" unknown ",\"unused\":" unused ",\"used\":" used "}}"
	static const struct {
		const char *report, *line; /* NULL: none */
	} rows[] = {
		{ "{" GRANTS("0", "2", "3") "}",
		  "\nunused 2  of 5 grants never used in this run\n" },
		{ "{" GRANTS("4", "0", "3") "}",
		  "\nunused 0  of 7 grants never used in this run, 4 not known\n" },
		{ "{" GRANTS("4", "0", "0") "}", NULL },
		{ "{\"policy\":{\"grants\":null}}", NULL },
		{ "{" GRANTS("4", "0",
			     "0") ",\"" REPORT_RUNS
				  "\":{\"policy\":\"p\\u001b.yaml\",\"runs\":37,\"unused\":14}}",
		  "\nunused 14  grants never used in 37 runs  immure policy lint --unused "
		  "p\\x1b.yaml\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_strbuf struct strbuf out = { 0 };

		render(rows[i].report, report_text, &out);
		if (rows[i].line)
			assert_non_null(strstr(strbuf_str(&out), rows[i].line));
		else
			assert_null(strstr(strbuf_str(&out), "unused"));
	}
}

static size_t count_in(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		n++;
	return n;
}

/* Like a coverage report: each line with what was used of it, each reason once. */
static void html_tells_the_use_of_each_line(void **state)
{
#define LINE(n, more) "{\"file\":\"p\",\"line\":" n ",\"text\":\"allow x\"," more "}"
#define UNKNOWN "\"use\":\"unknown\",\"unknown\":\"not seen\""
	/* clang-format off */
	static const char report[] = "{\"policy\":{\"rules\":["
		LINE("3", "\"use\":\"used\",\"uses\":7,\"unused\":[\"a<\",\"b\"]") ","
		LINE("4", "\"use\":\"unused\",\"unused\":[\"a\",\"c\"]") ","
		LINE("5", UNKNOWN) "," LINE("6", UNKNOWN) "," LINE("7", "\"use\":null") "]}}";
	/* clang-format on */
	cleanup_strbuf struct strbuf out = { 0 };
	const char *text;

	(void)state;
	render(report, report_html, &out);
	text = strbuf_str(&out);
	assert_non_null(strstr(text, ">used 7&times;</span><span class=\"n\">3<"));
	assert_non_null(strstr(text, ">never used: a&#60;, b<"));
	assert_non_null(strstr(text, "row unused\"><span class=\"hits\">unused<"));
	assert_null(strstr(text, "never used: a,"));
	assert_int_equal(count_in(text, ">unknown</span>"), 2);
	assert_int_equal(count_in(text, "Use not known: not seen."), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_tells_the_use_of_each_line),
		cmocka_unit_test(unused_grants_are_counted),
		cmocka_unit_test(the_worst_decides),
		cmocka_unit_test(a_baseline_forgives_only_what_was_there),
		cmocka_unit_test(sarif_points_at_the_line),
		cmocka_unit_test(what_is_not_proven_is_an_error_of_junit),
		cmocka_unit_test(the_page_draws_whom_something_was_refused),
		cmocka_unit_test(csv_holds_no_formula),
		cmocka_unit_test(markdown_is_short_whatever_there_is),
		cmocka_unit_test(html_runs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
