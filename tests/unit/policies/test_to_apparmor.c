// SPDX-License-Identifier: Apache-2.0
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/policy_read.h"
#include "policies/to_apparmor.h"

static const char policy_text[] = "policy: 1\nname: t\n"
				  "syscalls:\n"
				  "  - allow execve read\n"
				  "  - allow socket if domain == AF_INET and type == SOCK_STREAM\n";

static const struct lsm_path paths[] = {
	{ FILE_READ | FILE_EXEC, 0, "/usr", true },
	{ FILE_READ | FILE_WRITE, FILE_EXEC, "/tmp", true },
	{ FILE_READ, 0, "/etc/hosts", false },
	{ FILE_LIST, 0, "/srv", true },
	{ 0, FILE_READ | FILE_WRITE | FILE_EXEC, "/odd [name]{x}*@", false },
};

static const char expected[] = "profile immure-7 flags=(attach_disconnected, mediate_deleted) {\n"
			       "  \"/usr\" rkmix,\n"
			       "  \"/usr/{,**}\" rkmix,\n"
			       "  \"/tmp\" rkwl,\n"
			       "  \"/tmp/{,**}\" rkwl,\n"
			       "  audit deny \"/tmp\" mx,\n"
			       "  audit deny \"/tmp/{,**}\" mx,\n"
			       "  \"/etc/hosts\" rk,\n"
			       "  \"/etc/hosts/\" rk,\n"
			       "  \"/srv/{,**/}\" r,\n"
			       "  audit deny \"/odd \\[name\\]\\{x\\}\\*\\@\" rkwlmx,\n"
			       "  audit deny \"/odd \\[name\\]\\{x\\}\\*\\@/\" rkwlmx,\n"
			       "  network inet stream,\n"
			       "  signal (send, receive) peer=@{profile_name},\n"
			       "  signal (receive) peer=unconfined,\n"
			       "  ptrace (read, readby) peer=@{profile_name},\n"
			       "}\n";

static int write_profile(const struct lsm_path *list, size_t n, struct strbuf *out)
{
	cleanup_arena struct arena arena = { 0 };
	struct policy_source source = { .name = "t" };
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	struct err err = { 0 };
	struct lsm_rules rules = { .bundle = &bundle, .n = n, .paths = list };

	assert_int_equal(policy_read(span_of(policy_text), "t", &arena, &policy, &diags), 0);
	policy.sources = &source;
	policy.n_sources = 1;
	assert_int_equal(policy_compile(&policy, &arena, &bundle, &diags), 0);
	return to_apparmor(&rules, "immure-7", out, &err);
}

static void writes_what_the_rules_say(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	assert_int_equal(write_profile(paths, ARRAY_LEN(paths), &out), 0);
	assert_string_equal(strbuf_str(&out), expected);
}

static void refuses_what_the_language_cannot_hold(void **state)
{
	static const char *const bad[] = { "/a\"b", "/a\\b", "/a\nb", "/a\x7f", "/a\tb" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_strbuf struct strbuf out = { 0 };
		struct lsm_path path = { FILE_READ, 0, bad[i], false };

		assert_int_equal(write_profile(&path, 1, &out), -EINVAL);
	}
}

/* The parser takes both profiles for every kernel whose features we have. */
static void is_accepted_by_the_parser(void **state)
{
	static const char *const kernels[] = { "6.1", "6.12", "7.3" };
	const char *features = getenv("IMMURE_APPARMOR_FEATURES");

	(void)state;
	if (!features || access("/usr/sbin/apparmor_parser", X_OK) < 0)
		skip_because("no apparmor_parser, or IMMURE_APPARMOR_FEATURES is not set");
	for (size_t i = 0; i < ARRAY_LEN(kernels); i++) {
		cleanup_strbuf struct strbuf text = { 0 };
		char command[1024];
		FILE *parser;

		assert_int_equal(write_profile(paths, ARRAY_LEN(paths), &text), 0);
		to_apparmor_floor(&text);
		snprintf(command, sizeof(command),
			 "/usr/sbin/apparmor_parser --config-file /dev/null -QTK --kernel-features "
			 "%s/features-%s --policy-features %s/features-%s -o /dev/null",
			 features, kernels[i], features, kernels[i]);
		parser = popen(command, "w");
		assert_non_null(parser);
		assert_int_equal(fwrite(text.p, 1, text.len, parser), text.len);
		assert_int_equal(pclose(parser), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_the_rules_say),
		cmocka_unit_test(refuses_what_the_language_cannot_hold),
		cmocka_unit_test(is_accepted_by_the_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
