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

#define HEAD "policy: 1\nname: a\nextends: [builtin/glibc]\n"

/* Mistakes that people make: each is told with its place and with what was expected. */
/* clang-format off */
static const struct {
	const char *text;
	uint32_t line, col;
	const char *message;
} mistakes[] = {
	{ "",
	  1, 1, "empty; expected \"policy: 1\" and rules" },
	{ "hello",
	  1, 1, "text; expected a map of keys" },
	{ "- a\n- b\n",
	  1, 1, "a list; expected a map of keys" },
	{ "policy: 1\n\tname: x\n",
	  2, 1, "not YAML: found a tab character that violates indentation" },
	{ "policy: 1\nname: x\nname: y\n",
	  3, 1, "the key \"name\" is given twice; expected it once" },
	{ "policy: one\n",
	  1, 9, "version \"one\"; expected 1" },
	{ "name: x\n",
	  1, 1, "no version; expected \"policy: 1\"" },
	{ HEAD "files: read /usr\n",
	  4, 8, "text; expected a list: [ONE, ...], or one a line after \"- \"" },
	{ HEAD "files:\n  read: /usr\n",
	  5, 3, "a map of keys; expected a list" },
	{ HEAD "files:\n  - read: /usr\n",
	  5, 5, "a list or a map; expected a rule such as \"read /usr/**\"" },
	{ HEAD "files:\n  - read\n",
	  5, 5, "names no path; expected one or more, such as /usr/**" },
	{ HEAD "files:\n  - /usr/**\n",
	  5, 5, "an unknown verb; expected list, read, write, exec or deny: \"/usr/**\"" },
	{ HEAD "files:\n  - read /usr/*\n",
	  5, 10, "a pattern that no layer of this version can enforce; expected a path, or a folder with /** at its end: \"/usr/*\"" },
	{ HEAD "files:\n  - read,deny /usr\n",
	  5, 5, "deny stands alone; expected a rule of its own" },
	{ HEAD "files:\n  - read /usr/../etc\n",
	  5, 10, "/usr/../etc has \"..\" in it: \"/usr/../etc\"" },
	{ HEAD "files:\n  - read ~/x\n",
	  5, 10, "~/x is not an absolute path: \"~/x\"" },
	{ HEAD "files:\n  - rw /x\n",
	  5, 5, "an unknown verb; expected list, read, write, exec or deny: \"rw\"" },
	{ HEAD "files:\n  - execute /bin/sh\n",
	  5, 5, "an unknown verb; expected list, read, write, exec or deny: \"execute\"" },
	{ HEAD "files:\n  - write, read /x\n",
	  5, 12, "a verb in place of a path; expected verbs with commas and without blanks, such as read,exec: \"read\"" },
	{ HEAD "syscalls:\n  - allow opn\n",
	  5, 11, "an unknown system call: \"opn\"; did you mean \"open\"?" },
	{ HEAD "syscalls:\n  - allow\n",
	  5, 5, "names no system call; expected calls or @groups" },
	{ HEAD "syscalls:\n  - permit read\n",
	  5, 5, "an unknown verb; expected allow, deny, otherwise or unknown: \"permit\"" },
	{ HEAD "syscalls:\n  - allow socket if domain = AF_INET\n",
	  5, 28, "expected ==, !=, <, in, has or only: \"=\"" },
	{ HEAD "syscalls:\n  - allow socket if domain == AF_INTE\n",
	  5, 31, "an unknown constant; did you mean AF_INET?: \"AF_INTE\"" },
	{ HEAD "syscalls:\n  - allow socket if family == AF_INET\n",
	  5, 21, "socket has no such argument; expected domain, type, protocol: \"family\"" },
	{ HEAD "syscalls:\n  - allow read if buf == 0\n",
	  5, 19, "a pointer cannot be compared, for the kernel reads what it points to again after the filter looked: \"buf\"" },
	{ HEAD "syscalls:\n  - allow read if fd == 99999999999\n",
	  5, 25, "a value of more than 32 bits, which the kernel does not look at: \"99999999999\"" },
	{ HEAD "syscalls:\n  - allow socket if domain in {AF_UNIX\n",
	  5, 39, "expected \",\" or \"}\"" },
	{ HEAD "syscalls:\n  - allow socket if (domain == AF_UNIX\n",
	  5, 39, "expected \")\"" },
	{ HEAD "syscalls:\n  - allow ioctl if cmd in {}\n",
	  5, 28, "a value is missing; expected a number or a constant: \"}\"" },
	{ HEAD "syscalls:\n  - deny ptrace as EPRM\n",
	  5, 20, "expected the name of an error such as EPERM or ENOSYS: \"EPRM\"" },
	{ HEAD "syscalls:\n  - allow ptrace as EPERM\n",
	  5, 18, "unexpected; expected \"if\" and a condition: \"as\"" },
	{ HEAD "syscalls:\n  - otherwise\n",
	  5, 14, "expected the name of an error such as EPERM or ENOSYS" },
	{ HEAD "syscalls:\n  - otherwise KILL\n",
	  5, 15, "expected the name of an error such as EPERM or ENOSYS: \"KILL\"" },
	{ HEAD "syscalls:\n  - allow @netwrok\n",
	  5, 11, "an unknown group; immure policy show --groups lists them: \"@netwrok\"" },
	{ HEAD "limits:\n  memory: 1GB\n",
	  5, 11, "memory \"1GB\"; expected a size of at least 1MiB, such as 512MiB" },
	{ HEAD "limits:\n  pids: -1\n",
	  5, 9, "pids \"-1\"; expected a number from 1 to 4194304" },
	{ HEAD "limits:\n  wall: 10 minutes\n",
	  5, 9, "wall \"10 minutes\"; expected a time, such as 10m" },
	{ HEAD "limits:\n  cpu: 1\n",
	  5, 3, "unknown limit \"cpu\"; expected memory, pids, cpus, wall, nofile, tmp, fsize or io" },
	{ HEAD "limits:\n  pids: 64\n  pids: 65\n",
	  6, 3, "the key \"pids\" is given twice; expected it once" },
	{ HEAD "network:\n  - connect tcp example.com\n",
	  5, 17, "a target without a port; expected HOST:PORT, an IPv6 address in brackets: \"example.com\"" },
	{ HEAD "network:\n  - connect http example.com:80\n",
	  5, 13, "expected tcp, udp or tcp,udp: \"http\"" },
	{ HEAD "network:\n  - connect tcp example.com:99999\n",
	  5, 29, "no port; expected 1 to 65535, a range such as 8000-8080, or *: \"99999\"" },
	{ HEAD "network:\n  - listen tcp example.com:80\n",
	  5, 16, "expected * or an address of the sandbox: \"example.com\"" },
	{ HEAD "network:\n  - deny tcp 10.0.0.0/8\n",
	  5, 14, "expected \"to\" and addresses: \"10.0.0.0/8\"" },
	{ HEAD "network:\n  - connect tcp 10.0.0.0/33:80\n",
	  5, 26, "no length of a prefix; expected 0 to 32: \"33\"" },
	{ HEAD "network: nope\n",
	  4, 10, "network \"nope\"; expected none, or a list of rules" },
	{ HEAD "network:\n  - connect tcp ::1:80\n",
	  5, 17, "a target without a port; expected HOST:PORT, an IPv6 address in brackets: \"::1:80\"" },
	{ HEAD "network:\n  - connect tcp https://example.com:443\n",
	  5, 17, "a target without a port; expected HOST:PORT, an IPv6 address in brackets: \"https://example.com:443\"" },
	{ HEAD "identity:\n  user: root\n",
	  5, 9, "user \"root\"; expected UID or UID:GID, decimal" },
	{ HEAD "identity:\n  capabilities: [CAP_NET_ADMIN]\n",
	  5, 17, "capabilities are never granted; expected none" },
	{ HEAD "mode: complain\n",
	  4, 7, "mode \"complain\"; expected enforce or audit" },
	{ HEAD "require: [seccomp, ebpf]\n",
	  4, 20, "unknown layer \"ebpf\"; expected userns, mounts, seccomp, capabilities, nslimits, landlock (files), cgroup, rlimits, netns (network), apparmor, selinux or bpf" },
	{ HEAD "require: seccomp\n",
	  4, 10, "text; expected a list: [ONE, ...], or one a line after \"- \"" },
	{ "policy: 1\nextends: builtin/glibc\n",
	  2, 10, "text; expected a list: [ONE, ...], or one a line after \"- \"" },
	{ HEAD "tests:\n  - expect deny syscall\n",
	  5, 24, "an unknown system call; expected a name of syscalls(2)" },
	{ HEAD "waivers:\n  - no-limit until 2026-13-01 by x why y\n",
	  5, 20, "not a day; expected YYYY-MM-DD: \"2026-13-01\"" },
	{ HEAD "audit:\n  record: [everything]\n",
	  5, 12, "not something to record; expected denied, exec, flow, security, write, read, tasks or all" },
	{ HEAD "audit:\n  on-loss: ignore\n",
	  5, 12, "on-loss \"ignore\"; expected not-proven or fail" },
	{ HEAD "files: &a\n  - read /x\n",
	  4, 8, "anchors are not part of the language; expected plain text" },
	{ HEAD "files: {}\n",
	  4, 8, "a map in braces; expected one key a line (or a file that is JSON as a whole)" },
	{ HEAD "files:\n  - |\n    read /x\n",
	  5, 5, "a block of text; expected one line" },
	{ "policy: 1\nextends: [builtin/glibc]\n---\npolicy: 1\n",
	  3, 1, "a second document; expected one policy a file" },
	{ "policy: 1\nname: bad\001name\n",
	  2, 10, "not YAML: control characters are not allowed" },
	{ "policy: 1\nname: \377\n",
	  2, 7, "not YAML: invalid leading UTF-8 octet" },
	{ "{\"policy\": \"1\",",
	  2, 1, "not YAML: did not find expected node content" },
	{ HEAD "syscals:\n  - allow read\n",
	  4, 1, "unknown key \"syscals\"; did you mean \"syscalls\"?" },
};
/* clang-format on */

static void every_mistake_has_its_place_and_what_was_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct policy p = { 0 };
		struct diags diags;

		assert_int_equal(read_text(mistakes[i].text, &arena, &p, &diags), -EINVAL);
		assert_true(diags.n > 0);
		if (diags.items[0].where.line != mistakes[i].line ||
		    diags.items[0].where.col != mistakes[i].col ||
		    !strstr(diags.items[0].text, mistakes[i].message))
			fail_msg("%s: %u:%u: %s", mistakes[i].text, diags.items[0].where.line,
				 diags.items[0].where.col, diags.items[0].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_has_its_place_and_what_was_expected),
		cmocka_unit_test(reads_what_it_means),
		cmocka_unit_test(reports_all_ten_faults_with_their_places),
		cmocka_unit_test(refuses_what_is_not_the_subset),
		cmocka_unit_test(accepts_json_of_the_same_shape),
		cmocka_unit_test(merges_what_a_policy_extends),
		cmocka_unit_test(refuses_loops_and_lost_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
