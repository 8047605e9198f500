/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "runtime/run_options.h"
#include "runtime/status.h"

struct call {
	struct arena arena;
	struct run_options options;
	struct plan_request request;
	struct err err;
	int used;
};

#define ARGS(...) ((char *[]){ (char *)(uintptr_t) "run", __VA_ARGS__, NULL })
#define S(text) (char *)(uintptr_t)(text)

static int count(char *const argv[])
{
	int n = 0;

	while (argv[n])
		n++;
	return n;
}

static int parse(struct call *c, char *const argv[])
{
	static const char *const environ_of_ours[] = { "LANG=C", "SECRET=x", NULL };
	static const struct run_caller caller = { .cwd = "/tmp", .environ = environ_of_ours };

	arena_done(&c->arena);
	*c = (struct call){ 0 };
	c->used = options_read(run_opts, N_RUN_OPTS, count(argv), argv, &c->arena, &c->options,
			       &c->err);
	if (c->used < 0)
		return c->used;
	return run_request(&c->options, &caller, argv + c->used, &c->arena, &c->request, &c->err);
}

static const char *variable(const struct call *c, const char *name)
{
	for (size_t i = 0; c->request.env[i]; i++) {
		if (strncmp(c->request.env[i], name, strlen(name)) == 0)
			return c->request.env[i];
	}
	return NULL;
}

static void reads_options_up_to_the_command(void **state)
{
	struct call c = { 0 };

	(void)state;
	assert_int_equal(parse(&c, ARGS(S("--host"), S("-it"), S("--memory=1GiB"), S("-eA=b"),
					S("-e"), S("LANG"), S("--"), S("ls"), S("--help"))),
			 0);
	assert_true(c.options.interactive && c.options.tty && c.options.host);
	assert_int_equal(c.request.limits.memory, 1 << 30);
	assert_string_equal(c.request.argv[0], "ls");
	assert_string_equal(c.request.argv[1], "--help");
	assert_string_equal(variable(&c, "A="), "A=b");
	assert_string_equal(variable(&c, "LANG="), "LANG=C");
	assert_null(variable(&c, "SECRET="));
	assert_int_equal(parse(&c, ARGS(S("--host"), S("ls"), S("-l"))), 0);
	assert_string_equal(c.request.argv[1], "-l");
	arena_done(&c.arena);
}

static void reads_volumes(void **state)
{
	struct call c = { 0 };

	(void)state;
	assert_int_equal(parse(&c, ARGS(S("--host"), S("-v"), S("/usr/../etc:/x//y/:ro"), S("-v"),
					S(".:/w:exec"), S("--tmpfs"), S("/s:1MiB"), S("ls"))),
			 0);
	assert_int_equal(c.request.n_mounts, 3);
	assert_string_equal(c.request.mounts[0].source, "/etc");
	assert_string_equal(c.request.mounts[0].target, "/x/y");
	assert_int_equal(c.request.mounts[0].flags, MOUNT_FLAG_RO);
	assert_string_equal(c.request.mounts[1].source, "/tmp");
	assert_int_equal(c.request.mounts[1].flags, MOUNT_FLAG_EXEC);
	assert_int_equal(c.request.mounts[2].size, 1 << 20);
	assert_int_equal(parse(&c, ARGS(S("--host"), S("-v"), S("name:/w:ro"), S("ls"))), 0);
	assert_string_equal(c.request.mounts[0].source, "name");
	assert_int_equal(c.request.mounts[0].flags, MOUNT_FLAG_NAMED | MOUNT_FLAG_RO);
	assert_int_equal(
		parse(&c, ARGS(S("--host"), S("-v"), S("/a"), S("-v"), S("n:/b:nocopy"), S("ls"))),
		0);
	assert_string_equal(c.request.mounts[0].target, "/a");
	assert_int_equal(c.request.mounts[0].flags, MOUNT_FLAG_ANONYMOUS);
	assert_int_equal(c.request.mounts[1].flags, MOUNT_FLAG_NAMED | MOUNT_FLAG_NOCOPY);
	arena_done(&c.arena);
}

static void refuses_with_the_option_and_the_value(void **state)
{
	static const struct {
		char *argv[8];
		const char *part;
	} cases[] = {
		{ { S("run"), S("--hots"), S("ls") }, "did you mean --host?" },
		{ { S("run"), S("--host=1"), S("ls") }, "takes no value" },
		{ { S("run"), S("--memory") }, "needs a value" },
		{ { S("run"), S("-Q") }, "unknown option -Q" },
		{ { S("run"), S("--host") }, "no command" },
		{ { S("run"), S("alpine"), S("ls") }, "image" },
		{ { S("run"), S("--host"), S("--rootfs"), S("/x"), S("ls") },
		  "exclude each other" },
		{ { S("run"), S("--host"), S("--memory"), S("-1"), S("ls") }, "--memory -1" },
		{ { S("run"), S("--host"), S("--pids"), S("0"), S("ls") }, "--pids 0" },
		{ { S("run"), S("--host"), S("--network"), S("bridge"), S("ls") },
		  "none, private or host" },
		{ { S("run"), S("--host"), S("--name"), S("../x"), S("ls") }, "--name ../x" },
		{ { S("run"), S("--host"), S("-e"), S("1A=x"), S("ls") }, "no name of a variable" },
		{ { S("run"), S("--host"), S("-v"), S("tmp"), S("ls") }, "expected SRC:DST" },
		{ { S("run"), S("--host"), S("-v"), S("/tmp:/x:suid"), S("ls") },
		  "ro, rw, exec, nocopy, z or Z" },
		{ { S("run"), S("--host"), S("-v"), S("/tmp:x"), S("ls") },
		  "not an absolute path" },
		{ { S("run"), S("--host"), S("-v"), S("/tmp:/x/../y"), S("ls") }, "\"..\"" },
		{ { S("run"), S("--host"), S("--allow-degraded"), S("all"), S("ls") }, "layer" },
		{ { S("run"), S("--host"), S("--io"), S("12"), S("ls") },
		  "--io 12: expected a size for each second" },
		{ { S("run"), S("--host"), S("--json"), S("ls") }, "--dry-run" },
		{ { S("run"), S("--host"), S("--writable"), S("ls") }, "--rootfs" },
	};
	struct call c = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (parse(&c, cases[i].argv) >= 0 || !strstr(c.err.msg, cases[i].part))
			fail_msg("case %zu: %s", i, c.err.msg);
		assert_int_equal(status_of(&c.err), STATUS_USAGE);
	}
	arena_done(&c.arena);
}

static void turns_errors_into_documented_statuses(void **state)
{
	struct err err = { .code = ENOENT, .stage = ERR_EXEC };

	(void)state;
	assert_int_equal(status_of(&err), 127);
	err.code = EACCES;
	assert_int_equal(status_of(&err), 126);
	err.stage = ERR_MOUNTS;
	assert_int_equal(status_of(&err), 125);
	err.stage = ERR_POLICY;
	assert_int_equal(status_of(&err), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_options_up_to_the_command),
		cmocka_unit_test(reads_volumes),
		cmocka_unit_test(refuses_with_the_option_and_the_value),
		cmocka_unit_test(turns_errors_into_documented_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
