/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "policies/policy_read.h"

static int read_text(const char *text, struct arena *arena, struct policy *policy,
		     struct diags *diags)
{
	*diags = (struct diags){ .arena = arena };
	return policy_read(span_of(text), "p.yaml", arena, policy, diags);
}

static void reads_what_it_means(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct policy p = { 0 };
	struct diags diags;

	(void)state;
	assert_int_equal(read_text("policy: 1\n"
				   "name: acme/job\n"
				   "extends: [builtin/glibc]\n"
				   "identity:\n  user: 7:8\n  capabilities: none\n"
				   "files:\n"
				   "  - read,exec /usr/** /bin/sh   # why: tools\n"
				   "  - deny /etc/shadow\n"
				   "  - list /srv/**\n"
				   "syscalls:\n"
				   "  - allow open, @random\n"
				   "  - deny bpf as ENOSYS quietly\n"
				   "  - otherwise EACCES\n"
				   "limits:\n  memory: 64MiB\n  wall: 10m\n"
				   "require: [seccomp, files]\n",
				   &arena, &p, &diags),
			 0);
	assert_string_equal(p.name, "acme/job");
	assert_int_equal(p.identity.uid, 7);
	assert_int_equal(p.identity.gid, 8);
	assert_int_equal(p.n_files, 4);
	assert_int_equal(p.files[0].access, FILE_READ | FILE_EXEC);
	assert_string_equal(p.files[0].path, "/usr");
	assert_true(p.files[0].tree);
	assert_string_equal(p.files[0].rule.why, "tools");
	assert_int_equal(p.files[0].rule.where.line, 8);
	assert_false(p.files[1].tree);
	assert_int_equal(p.files[2].access, FILE_DENY);
	assert_int_equal(p.files[3].access, FILE_LIST);
	assert_int_equal(p.n_syscalls, 2);
	assert_int_equal(p.syscalls[0].n_names, 4); /* creat, getrandom, open, openat */
	assert_string_equal(p.syscalls[0].names[0], "creat");
	assert_true(p.syscalls[1].quiet);
	assert_int_equal(p.syscalls[1].error, ENOSYS);
	assert_int_equal(p.otherwise_error, EACCES);
	assert_int_equal(p.limits.memory, 64 << 20);
	assert_int_equal(p.limits.set, LIMIT_MEMORY | LIMIT_WALL);
	assert_int_equal(p.require, 1U << LAYER_SECCOMP | 1U << LAYER_LANDLOCK);
}

static void reports_all_ten_faults_with_their_places(void **state)
{
	static const struct {
		uint32_t line, col;
		const char *part;
	} expected[] = {
		{ 1, 9, "version \"2\"" },
		{ 2, 7, "the name \"a b\"" },
		{ 4, 10, "an unknown verb" },
		{ 5, 10, "not an absolute path" },
		{ 6, 10, "a pattern" },
		{ 8, 11, "an unknown system call" },
		{ 9, 17, "a pointer cannot be compared" },
		{ 10, 18, "expected the name of an error" },
		{ 12, 3, "unknown limit" },
		{ 13, 1, "unknown key \"sycalls\"; did you mean \"syscalls\"?" },
	};
	cleanup_arena struct arena arena = { 0 };
	struct policy p = { .name = "untouched" };
	struct diags diags;

	(void)state;
	assert_int_equal(read_text("policy: 2\n"
				   "name: a b\n"
				   "files:\n"
				   "  -      look /usr\n"
				   "  - read usr\n"
				   "  - read /a/*.txt\n"
				   "syscalls:\n"
				   "  - allow opne\n"
				   "  - allow open if pathname == 1\n"
				   "  - deny bpf as NOTHING\n"
				   "limits:\n"
				   "  memroy: 1\n"
				   "sycalls: []\n",
				   &arena, &p, &diags),
			 -EINVAL);
	assert_string_equal(p.name, "untouched");
	for (size_t i = 0; i < diags.n && i < ARRAY_LEN(expected); i++) {
		const struct diag *d = &diags.items[i];

		if (d->where.line != expected[i].line || !strstr(d->text, expected[i].part))
			print_message("%u:%u: %s\n", d->where.line, d->where.col, d->text);
		assert_int_equal(d->where.line, expected[i].line);
		assert_non_null(strstr(d->text, expected[i].part));
	}
	assert_int_equal(diags.n, ARRAY_LEN(expected));
}

static void refuses_what_is_not_the_subset(void **state)
{
	static const char *const texts[] = {
		"",
		"- a\n",
		"policy: 1\npolicy: 1\n",
		"policy: &a 1\n",
		"policy: 1\nname: *a\n",
		"policy: !!int 1\n",
		"policy: 1\nlimits: {memory: 1}\n",
		"policy: 1\n---\npolicy: 1\n",
		"policy: 1\nname: |\n  x\n",
		"policy: 1\nextends: [[[[[[[[[[a]]]]]]]]]]\n",
		"policy: 1\naudit:\n  on-loss: ignore\n",
		"policy: 1\naudit:\n  record: denied\n",
		"policy: 1\naudit:\n  keep: [denied]\n",
		"policy: 1\nmode: learn\n",
		"policy: 1\nnetwork:\n  - allow tcp a:1\n",
		"policy: 1\ntests:\n  - expect deny mount\n",
		"policy: 1\nidentity:\n  capabilities: [net_admin]\n",
		"policy: 1\nsyscalls:\n  - allow socket if domain\n",
		"policy: 1\nsyscalls:\n  - allow socket if domain == 0x100000000\n",
		"policy: 1\nsyscalls:\n  - allow socket if (domain == 1\n",
		"policy: 1\nsyscalls:\n  - allow\n",
		"policy: 1\nsyscalls:\n  - otherwise EPERM\n  - otherwise EPERM\n",
		"name: x\n",
		"policy: 1\n\x01: 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct policy p = { 0 };
		struct diags diags;

		if (read_text(texts[i], &arena, &p, &diags) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_true(diags.n > 0);
	}
}

static void accepts_json_of_the_same_shape(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct policy p = { 0 };
	struct diags diags;

	(void)state;
	assert_int_equal(
		read_text("{\"policy\":\"1\",\"limits\":{\"pids\":\"5\"}}", &arena, &p, &diags), 0);
	assert_int_equal(p.limits.pids, 5);
}

struct text_of {
	const char *name, *text;
};

static const struct text_of files[] = {
	{ "a", "policy: 1\nname: a\nextends: [b, c]\nlimits:\n  pids: 9\n" },
	{ "b", "policy: 1\nname: b\nextends: [d]\nlimits:\n  pids: 3\n  nofile: 50\n" },
	{ "c", "policy: 1\nname: c\nextends: [d]\nlimits:\n  nofile: 40\nrequire: [seccomp]\n" },
	{ "d", "policy: 1\nname: d\nsyscalls:\n  - allow execve\n" },
	{ "loop", "policy: 1\nextends: [loop2]\n" },
	{ "loop2", "policy: 1\nextends: [loop]\n" },
	{ "lost", "policy: 1\nextends: [nowhere]\n" },
};

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	(void)data;
	(void)from;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (strcmp(files[i].name, name) == 0) {
			*ret = span_of(files[i].text);
			*ret_path = arena_printf(arena, "/%s", name);
			return 0;
		}
	}
	return err_set(err, ENOENT, "no %s", name);
}

static void merges_what_a_policy_extends(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy p = { 0 };

	(void)state;
	assert_int_equal(policy_resolve("a", fetch, NULL, &arena, &p, &diags), 0);
	assert_int_equal(p.n_sources, 4); /* d once */
	assert_int_equal(p.n_syscalls, 1);
	assert_int_equal(p.limits.pids, 9);    /* its own word stands */
	assert_int_equal(p.limits.nofile, 40); /* of two extended ones, the lower */
	assert_int_equal(p.require, 1U << LAYER_SECCOMP);
}

static void refuses_loops_and_lost_ones(void **state)
{
	static const char *const names[] = { "loop", "lost", "nowhere" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diags diags = { .arena = &arena };
		struct policy p = { 0 };

		assert_int_equal(policy_resolve(names[i], fetch, NULL, &arena, &p, &diags),
				 -EINVAL);
		assert_int_equal(diags.n, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_means),
		cmocka_unit_test(reports_all_ten_faults_with_their_places),
		cmocka_unit_test(refuses_what_is_not_the_subset),
		cmocka_unit_test(accepts_json_of_the_same_shape),
		cmocka_unit_test(merges_what_a_policy_extends),
		cmocka_unit_test(refuses_loops_and_lost_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
