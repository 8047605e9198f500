/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "policies/policy_json.h"
#include "policies/policy_print.h"
#include "policies/policy_read.h"

static const char text[] = "policy: 1\nname: acme/x\nmode: audit\nidentity:\n  user: 5:6\n"
			   "files:\n  - read  /usr/** /etc/hosts   # why: names\n  - deny /x\n"
			   "syscalls:\n  - allow execve @io\n  - otherwise EACCES\n"
			   "network:\n  - connect tcp 10.0.0.0/8:443   # why: ours\n"
			   "limits:\n  pids: 7\nrequire: [seccomp]\n"
			   "waivers:\n  - a until 2026-12-31 by me why \"two \\\" words\"\n";

static void read_text(const char *from, const char *name, struct arena *arena, struct policy *ret)
{
	struct diags diags = { .arena = arena };

	if (policy_read(span_of(from), name, arena, ret, &diags) < 0)
		fail_msg("%s: %s", name, diags.n ? diags.items[0].text : "memory");
}

static void is_canonical(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf json = { 0 };
	struct policy policy = { 0 };
	struct err err = { 0 };

	(void)state;
	read_text(text, "t", &arena, &policy);
	assert_int_equal(policy_json(&policy, &arena, &json, &err), 0);
	assert_string_equal(
		strbuf_str(&json),
		"{\"files\":[\"read /usr/** /etc/hosts\",\"deny /x\"],\"identity\":{\"user\":\"5:6\"},"
		"\"limits\":{\"pids\":\"7\"},\"mode\":\"audit\",\"name\":\"acme/x\","
		"\"network\":[\"connect tcp 10.0.0.0/8:443\"],\"policy\":\"1\","
		"\"require\":[\"seccomp\"],\"syscalls\":[\"allow execve @io\",\"otherwise EACCES\"],"
		"\"waivers\":[\"a until 2026-12-31 by me why \\\"two \\\\\\\" words\\\"\"]}");
}

/* Every shipped policy and this one: the JSON is the policy, and the places come back. */
static void reads_back(const char *name, const struct policy *policy, struct arena *arena)
{
	cleanup_strbuf struct strbuf json = { 0 };
	cleanup_strbuf struct strbuf places = { 0 };
	cleanup_strbuf struct strbuf before = { 0 };
	cleanup_strbuf struct strbuf after = { 0 };
	struct diags diags = { .arena = arena };
	struct policy again = { 0 };
	struct err err = { 0 };

	assert_int_equal(policy_json(policy, arena, &json, &err), 0);
	policy_places_json(policy, &places);
	read_text(strbuf_str(&json), "again", arena, &again);
	assert_int_equal(policy_places_apply((struct span){ strbuf_str(&places), places.len },
					     "places", arena, &again, &diags),
			 0);
	policy_print(policy, POLICY_PRINT_PLACES, &before);
	policy_print(&again, POLICY_PRINT_PLACES, &after);
	if (strcmp(strbuf_str(&before), strbuf_str(&after)) != 0)
		fail_msg("%s:\n%s\n%s", name, strbuf_str(&before), strbuf_str(&after));
}

static void holds_the_whole_policy(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct policy policy = { 0 };

	(void)state;
	read_text(text, "t", &arena, &policy);
	reads_back("t", &policy, &arena);
	assert_int_equal(policy.files[0].rule.where.line, 7);
	for (size_t i = 0; i < n_builtin_names; i++) {
		struct diags diags = { .arena = &arena };
		struct policy builtin = { 0 };

		assert_int_equal(policy_resolve(builtin_names[i], builtin_fetch, NULL, &arena,
						&builtin, &diags),
				 0);
		reads_back(builtin_names[i], &builtin, &arena);
	}
}

static void says_what_is_no_place(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"places\":1}",
		"{\"places\":[1]}",
		"{\"places\":[[\"a\",\"f\",\"1\",\"2\"]]}",
		"{\"places\":[[\"a\",\"f\",\"x\",\"2\",\"\"]]}",
		"{\"places\":[[\"a\",\"f\",\"1\",\"4294967296\",\"\"]]}",
		"{\"places\":[[\"a\",[],\"1\",\"2\",\"\"]]}",
	};
	cleanup_arena struct arena arena = { 0 };
	struct policy policy = { 0 };

	(void)state;
	read_text(text, "t", &arena, &policy);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct diags diags = { .arena = &arena };

		if (policy_places_apply(span_of(bad[i]), "places", &arena, &policy, &diags) !=
			    -EINVAL ||
		    diags.n == 0)
			fail_msg("accepted %s", bad[i]);
	}
	assert_int_equal(policy.files[0].rule.where.line, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_canonical),
		cmocka_unit_test(holds_the_whole_policy),
		cmocka_unit_test(says_what_is_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
