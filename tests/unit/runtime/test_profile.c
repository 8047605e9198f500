// SPDX-License-Identifier: Apache-2.0
/* What of profiles needs no AppArmor in the kernel; guests show the rest: tests/vm/guest/. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/profile.h"

#define FEATURES "/sys/kernel/security/apparmor/features"
#define PARSER "/usr/sbin/apparmor_parser"

static pid_t ended_process(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void names_are_of_the_launcher(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	char want[PROFILE_NAME_MAX];

	(void)state;
	snprintf(want, sizeof(want), "immure-%d", getpid());
	assert_string_equal(profile_name(&arena), want);
}

static void knows_what_ended_launchers_left(void **state)
{
	static const char *const others[] = {
		"",
		"immure-",
		"immure-.1",
		"immure-0.1",
		"immure--1.1",
		"immure-floor.1",
		"immure-1x.1",
		"immure-2147483648.1",
		"immure-18446744073709551617.1",
		"immure-00000000000000000000000000000000000001.1",
		"other-999999.1",
		"ximmure-999999.1",
		"immure-999999//child.1",
	};
	char name[PROFILE_NAME_MAX];
	char entry[64];
	pid_t gone = ended_process();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (profile_is_leftover(others[i], name))
			fail_msg("%s is taken for a leftover", others[i]);
	}
	snprintf(entry, sizeof(entry), "immure-%d.7", getpid());
	assert_false(profile_is_leftover(entry, name));
	assert_false(profile_is_leftover("immure-1.1", name)); /* it lives, and is not ours */
	snprintf(entry, sizeof(entry), "immure-%d.7", gone);
	assert_true(profile_is_leftover(entry, name));
	snprintf(entry, sizeof(entry), "immure-%d", gone);
	assert_string_equal(name, entry);
}

static void writes_all_or_says_why(void **state)
{
	const char *dir = temp_dir_make();
	cleanup_strbuf struct strbuf text = { 0 };
	struct err err = { 0 };
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/replace", dir);
	assert_int_equal(profile_write(path, "x", 1, &err), -ENOENT);
	assert_non_null(strstr(err.msg, path));
	fclose(fopen(path, "w"));
	assert_int_equal(profile_write(path, "a\0b", 3, &err), 0);
	assert_int_equal(fd_read_file(AT_FDCWD, path, 64, &text, &err), 0);
	assert_int_equal(text.len, 3);
	assert_memory_equal(text.p, "a\0b", 3);
	assert_int_equal(profile_write("/dev/full", "x", 1, &err), -ENOSPC);
	temp_dir_remove(dir);
}

/* The parser's own verdict: a profile that does not load is an error, and nothing comes out. */
static void what_the_parser_refuses_is_an_error(void **state)
{
	static const char *const bad[] = { "profile t {", "profile t { no such rule, }", "\xff" };
	static const char good[] = "profile t { file, }\n";
	cleanup_strbuf struct strbuf compiled = { 0 };
	struct err err = { 0 };

	(void)state;
	if (access(PARSER, X_OK) < 0) {
		cleanup_strbuf struct strbuf text = { 0 };

		strbuf_puts(&text, good);
		assert_int_equal(profile_compile(&text, &compiled, &err), -ENOENT);
		skip_because("no apparmor_parser");
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_strbuf struct strbuf text = { 0 };

		strbuf_puts(&text, bad[i]);
		assert_int_equal(profile_compile(&text, &compiled, &err), -EIO);
		assert_non_null(strstr(err.msg, PARSER));
		assert_int_equal(compiled.len, 0);
	}
	if (access(FEATURES, F_OK) == 0) {
		cleanup_strbuf struct strbuf text = { 0 };

		strbuf_puts(&text, good);
		assert_int_equal(profile_compile(&text, &compiled, &err), 0);
		assert_true(compiled.len > 0);
	}
}

/* A namespace that nobody has made: whoever the user is, it is an error and not a profile less. */
static void nothing_is_loaded_where_there_is_no_namespace(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	const struct host host = { .uid = 4294967294U };
	const struct bundle bundle = { .name = "t" };
	struct plan plan = { .bundle = &bundle, .host = &host, .root_kind = ROOT_HOST };
	struct err err = { 0 };

	(void)state;
	profile_remove(&plan); /* it has none */
	plan.lsm.profile = "immure-1";
	assert_true(profile_load(&plan, &arena, &err) < 0);
	assert_int_not_equal(err.msg[0], '\0');
	profile_remove(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_of_the_launcher),
		cmocka_unit_test(knows_what_ended_launchers_left),
		cmocka_unit_test(writes_all_or_says_why),
		cmocka_unit_test(what_the_parser_refuses_is_an_error),
		cmocka_unit_test(nothing_is_loaded_where_there_is_no_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
