/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/signature_policy.h"

#define SHA "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct arena *arena, struct signature_policy *ret,
		 struct diags *diags)
{
	*diags = (struct diags){ .arena = arena };
	return signature_policy_parse(span_of(text), "signatures.yaml", arena, ret, diags);
}

static const char rules[] = "default: refuse\n"
			    "images:\n"
			    "  docker.io: accept\n"
			    "  docker.io/library/debian:12:\n"
			    "    keys: [/k/debian]\n"
			    "  r.example:5000/team:\n"
			    "    keys: [/k/a, /k/b]\n"
			    "    need: 2\n"
			    "    name: repository\n"
			    "  r.example:5000/team/mirror:\n"
			    "    keys: [/k/a]\n"
			    "    name: origin.example/tool\n"
			    "  r.example:5000/team/x@" SHA ": accept\n";

static void longest_scope_wins(void **state)
{
	static const struct {
		const char *ref, *scope;
	} cases[] = {
		{ "debian:12", "docker.io/library/debian:12" },
		{ "debian:12.1", "docker.io" },
		{ "debian:12@" SHA, "docker.io/library/debian:12" },
		{ "r.example:5000/team/a/b:1", "r.example:5000/team" },
		{ "r.example:5000/team:1", "r.example:5000/team" },
		{ "r.example:5000/teams:1", "default" },
		{ "r.example:5000/team/mirror@" SHA, "r.example:5000/team/mirror" },
		{ "r.example:5000/team/x@" SHA, "r.example:5000/team/x@" SHA },
		{ "r.example:5000/team/x:1", "r.example:5000/team" },
		{ "r.example/team:1", "default" },
		{ "docker.io.example/x", "default" },
	};
	cleanup_arena struct arena arena = { 0 };
	struct signature_policy policy = { 0 };
	struct diags diags;

	(void)state;
	if (parse(rules, &arena, &policy, &diags) < 0)
		fail_msg("%s", diags.n > 0 ? diags.items[0].text : "?");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct image_ref ref = { 0 };
		struct err err = { 0 };

		assert_int_equal(image_ref_parse(span_of(cases[i].ref), &ref, &err), 0);
		if (strcmp(signature_rule_of(&policy, &ref)->scope, cases[i].scope) != 0)
			fail_msg("%s: %s", cases[i].ref, signature_rule_of(&policy, &ref)->scope);
	}
	assert_int_equal(policy.rules[2].need, 2);
	assert_int_equal(policy.rules[1].need, 1);
	assert_int_equal(policy.fallback.demand, SIGNATURE_REFUSE);
}

static void a_signature_counts_for_the_name_it_was_made_for(void **state)
{
	static const struct {
		const char *scope_of, *ref, *name;
		bool fits;
	} cases[] = {
		{ "debian:12", "debian:12", "docker.io/library/debian:12", true },
		{ "debian:12", "debian:12", "index.docker.io/library/debian:12", true },
		{ "debian:12", "debian:12", "debian:12", false },
		{ "debian:12", "debian:12", "docker.io/library/debian:11", false },
		{ "debian:12", "debian:12", "docker.io/library/debian", false },
		{ "debian:12", "debian@" SHA, "docker.io/library/debian:7", true },
		{ "debian:12", "debian@" SHA, "docker.io/library/redis:7", false },
		{ "debian:12", "debian:latest", "docker.io/library/debian", false },
		{ "r.example:5000/team:1", "r.example:5000/team:1", "r.example:5000/team:2", true },
		{ "r.example:5000/team:1", "r.example:5000/team:1", "r.example:5000/team", true },
		{ "r.example:5000/team:1", "r.example:5000/team:1", "r.example:5000/tea", false },
		{ "r.example:5000/team/mirror", "r.example:5000/team/mirror", "origin.example/tool",
		  true },
		{ "r.example:5000/team/mirror", "r.example:5000/team/mirror",
		  "origin.example/tool:3", true },
		{ "r.example:5000/team/mirror", "r.example:5000/team/mirror",
		  "r.example:5000/team/mirror", false },
		{ "debian:12", "debian:12", "", false },
		{ "debian:12", "debian:12", "docker.io/library/debian:12\n", false },
	};
	cleanup_arena struct arena arena = { 0 };
	struct signature_policy policy = { 0 };
	struct diags diags;

	(void)state;
	assert_int_equal(parse(rules, &arena, &policy, &diags), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct image_ref ref = { 0 };
		struct image_ref scope = { 0 };
		struct err err = { 0 };

		assert_int_equal(image_ref_parse(span_of(cases[i].scope_of), &scope, &err), 0);
		assert_int_equal(image_ref_parse(span_of(cases[i].ref), &ref, &err), 0);
		if (signature_name_fits(signature_rule_of(&policy, &scope), &ref, cases[i].name) !=
		    cases[i].fits)
			fail_msg("%s signed as \"%s\"", cases[i].ref, cases[i].name);
	}
}

static void names_every_fault_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} cases[] = {
		{ "defaults: accept\n", 1 },
		{ "default: maybe\n", 1 },
		{ "images: [a]\n", 1 },
		{ "images:\n  debian: accept\n", 2 },
		{ "images:\n  docker.io/debian:12: accept\n", 2 },
		{ "images:\n  \"*.example\": accept\n", 2 },
		{ "images:\n  r.example/: accept\n", 2 },
		{ "images:\n  r.example/a@sha256:12: accept\n", 2 },
		{ "images:\n  r.example/a:\n    keys: []\n", 3 },
		{ "images:\n  r.example/a:\n    keys: [k.pem]\n", 3 },
		{ "images:\n  r.example/a:\n    keys: [/k]\n    need: 2\n", 3 },
		{ "images:\n  r.example/a:\n    keys: [/k]\n    need: 0\n", 4 },
		{ "images:\n  r.example/a:\n    keys: [/k]\n    name: tool\n", 4 },
		{ "images:\n  r.example/a:\n    need: 1\n", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct signature_policy policy = { .file = "untouched" };
		struct diags diags;

		if (parse(cases[i].text, &arena, &policy, &diags) != -EINVAL || diags.n == 0)
			fail_msg("taken: %s", cases[i].text);
		if (diags.items[0].where.line != cases[i].line)
			fail_msg("%s: line %u", cases[i].text, diags.items[0].where.line);
		assert_string_equal(policy.file, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_scope_wins),
		cmocka_unit_test(a_signature_counts_for_the_name_it_was_made_for),
		cmocka_unit_test(names_every_fault_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
