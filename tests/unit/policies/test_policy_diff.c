/* SPDX-License-Identifier: Apache-2.0 */
/* Differences are found, classed, and real: the kernel itself is asked about every witness. */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policies/bundle.h"
#include "policies/policy_diff.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#else
#define ARCH AUDIT_ARCH_AARCH64
#endif

static const char *texts[2]; /* what "a" and "b" are */

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	(void)data;
	(void)from;
	(void)arena;
	*ret_path = NULL;
	*ret = builtin_text(name);
	if (strcmp(name, "a") == 0 || strcmp(name, "b") == 0)
		*ret = span_of(texts[name[0] - 'a']);
	return ret->n > 0 ? 0 : err_set(err, ENOENT, "no %s", name);
}

struct pair {
	struct arena arena;
	struct policy policies[2];
	struct bundle bundles[2];
	struct policy_diff diff;
};

static void compare(struct pair *p, const char *a, const char *b)
{
	const char *const names[] = { a, b };
	struct err err = { 0 };

	for (int i = 0; i < 2; i++) {
		struct diags diags = { .arena = &p->arena };
		int r = policy_resolve(names[i], fetch, NULL, &p->arena, &p->policies[i], &diags);

		if (r == 0)
			r = policy_compile(&p->policies[i], &p->arena, &p->bundles[i], &diags);
		if (r < 0)
			fail_msg("%s: %s", names[i], diags.n ? diags.items[0].text : "memory");
	}
	p->diff.arena = &p->arena;
	assert_int_equal(policy_diff(&p->policies[0], &p->policies[1], ARCH, &p->diff, &err), 0);
}

static void compare_texts(struct pair *p, const char *a, const char *b)
{
	texts[0] = a;
	texts[1] = b;
	compare(p, "a", "b");
}

static const struct policy_difference *find(const struct pair *p, const char *witness)
{
	for (size_t i = 0; i < p->diff.n; i++) {
		if (strcmp(p->diff.items[i].witness, witness) == 0)
			return &p->diff.items[i];
	}
	for (size_t i = 0; i < p->diff.n; i++)
		print_message("%s %s\n", diff_class_name(p->diff.items[i].class),
			      p->diff.items[i].witness);
	fail_msg("no witness %s", witness);
	return NULL;
}

#define HEAD "policy: 1\nextends: [builtin/glibc]\n"

static void the_same_meaning_is_no_difference(void **state)
{
	struct pair p = { 0 };

	(void)state;
	compare_texts(&p,
		      HEAD "files:\n  - read /usr/** /etc/**\nsyscalls:\n"
			   "  - allow socket if domain in {AF_UNIX, AF_INET}\n"
			   "  - allow kill if not (sig < 16)\n",
		      HEAD "files:\n  - read /etc/**\n  - read /usr/** /usr/bin/**\nsyscalls:\n"
			   "  - allow kill if sig != 0 and not (sig < 16)\n"
			   "  - allow socket if domain == AF_INET\n"
			   "  - allow socket if domain == AF_UNIX\n");
	assert_int_equal(p.diff.n, 0);
	arena_done(&p.arena);
}

static void every_kind_of_difference_has_its_witness_and_class(void **state)
{
	static const struct {
		const char *witness;
		enum diff_class class;
	} rows[] = {
		{ "ioctl(cmd=TIOCSTI), also TIOCLINUX", DIFF_WIDER },
		{ "socket(domain=AF_NETLINK)", DIFF_WIDER },
		{ "socket(domain=AF_UNIX)", DIFF_NARROWER },
		{ "mount", DIFF_WIDER },
		{ "ptrace", DIFF_OTHER },
		{ "write /work/x", DIFF_WIDER },
		{ "read /etc/shadow", DIFF_NARROWER },
		{ "exec /opt/tool", DIFF_WIDER },
		{ "memory", DIFF_WIDER },
		{ "pids", DIFF_NARROWER },
		{ "landlock", DIFF_WIDER },
		{ "user", DIFF_WIDER },
	};
	struct pair p = { 0 };

	(void)state;
	compare_texts(&p,
		      HEAD "identity:\n  user: 1000:1000\nfiles:\n  - read /etc/** /work/**\n"
			   "syscalls:\n  - allow socket if domain == AF_UNIX\n"
			   "limits:\n  memory: 1GiB\nrequire: [landlock]\n",
		      HEAD "identity:\n  user: 0:0\nfiles:\n  - read /etc/**\n  - write /work/**\n"
			   "  - exec /opt/tool\n  - deny /etc/shadow\n"
			   "syscalls:\n  - allow socket if domain == AF_NETLINK\n"
			   "  - allow ioctl if cmd in {TIOCSTI, TIOCLINUX}\n  - allow mount\n"
			   "  - deny ptrace as ENOSYS\nlimits:\n  memory: 2GiB\n  pids: 5\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(find(&p, rows[i].witness)->class, rows[i].class);
	assert_int_equal(p.diff.n, ARRAY_LEN(rows) + 1); /* who executes a file may read it */
	assert_int_equal(find(&p, "mount")->rule->where.line, 13);
	arena_done(&p.arena);
}

/* What a path above tells is not told again. */
static void a_folder_stands_for_what_is_below_it(void **state)
{
	struct pair p = { 0 };

	(void)state;
	compare_texts(&p, HEAD "files:\n  - read /usr/** /usr/lib/** /usr/lib/x/**\n", HEAD);
	assert_int_equal(p.diff.n, 1);
	assert_string_equal(p.diff.items[0].witness, "read /usr/x");
	arena_done(&p.arena);
}

/* Who may read may list: told only where names are all that differs. */
static void names_are_less_than_contents(void **state)
{
	static const struct {
		const char *before, *after, *witness;
		enum diff_class class;
	} rows[] = {
		{ "read /srv/**", "list /srv/**", "read /srv/x", DIFF_NARROWER },
		{ "list /srv/**", "read /srv/**", "read /srv/x", DIFF_WIDER },
		{ "read /usr/**", "read /usr/**\n  - list /srv/**", "list /srv/x", DIFF_WIDER },
		{ "read /srv/**", "read /srv/**\n  - list /srv/a/**", NULL, DIFF_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair p = { 0 };

		compare_texts(&p, arena_printf(&p.arena, HEAD "files:\n  - %s\n", rows[i].before),
			      arena_printf(&p.arena, HEAD "files:\n  - %s\n", rows[i].after));
		assert_int_equal(p.diff.n, rows[i].witness ? 1 : 0);
		if (rows[i].witness)
			assert_int_equal(find(&p, rows[i].witness)->class, rows[i].class);
		arena_done(&p.arena);
	}
}

#define SAID_ALLOW 4000 /* errors that no call gives */
#define SAID_NOTIFY 4001

/* The filter with answers that are seen from outside and let nothing happen. */
static size_t visible(const struct bundle *b, struct sock_filter *ret)
{
	static const struct sock_filter head[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_exit_group },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
	};

	memcpy(ret, head, sizeof(head));
	for (size_t i = 0; i < b->n_filter; i++) {
		struct sock_filter in = b->filter[i];

		if (in.code == (BPF_RET | BPF_K) && in.k == SECCOMP_RET_ALLOW)
			in.k = SECCOMP_RET_ERRNO | SAID_ALLOW;
		else if (in.code == (BPF_RET | BPF_K) && in.k == SECCOMP_RET_USER_NOTIF)
			in.k = SECCOMP_RET_ERRNO | SAID_NOTIFY;
		ret[ARRAY_LEN(head) + i] = in;
	}
	return ARRAY_LEN(head) + b->n_filter;
}

/* What the kernel answers to a call under a policy: 1 allowed, 0 refused, -1 no seccomp here. */
static int kernel_allows(const struct bundle *b, const struct seccomp_data *call)
{
	static struct sock_filter code[BPF_MAXINSNS];
	struct sock_fprog prog = { (unsigned short)visible(b, code), code };
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
			_exit(2);
		syscall(call->nr, call->args[0], call->args[1], call->args[2], call->args[3],
			call->args[4], call->args[5]);
		syscall(SYS_exit_group, errno == SAID_ALLOW ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 2 ? -1 : WEXITSTATUS(status);
}

static size_t ask_the_kernel(const char *a, const char *b)
{
	struct pair p = { 0 };
	size_t asked = 0;

	compare(&p, a, b);
	for (size_t i = 0; i < p.diff.n; i++) {
		const struct policy_difference *d = &p.diff.items[i];
		int before;
		int after;

		if (strcmp(d->area, "syscall") != 0)
			continue;
		before = kernel_allows(&p.bundles[0], &d->call);
		after = kernel_allows(&p.bundles[1], &d->call);
		if (before < 0) {
			arena_done(&p.arena);
			return 0;
		}
		if (before != (d->class == DIFF_NARROWER) || after != (d->class == DIFF_WIDER))
			fail_msg("%s: the kernel says %d and %d", d->witness, before, after);
		asked++;
	}
	arena_done(&p.arena);
	return asked;
}

static void the_kernel_confirms_every_witness(void **state)
{
	size_t asked;

	(void)state;
	texts[0] = HEAD "syscalls:\n  - allow kill if sig < 16 and not (sig == SIGKILL)\n"
			"  - allow prctl if option in {1, 2, 3}\n  - deny mmap if prot has 6\n"
			"  - deny write if fd == 9 and count < 4096\n";
	texts[1] = HEAD "syscalls:\n  - allow kill if sig < 17\n  - allow mount personality\n"
			"  - allow prctl if option in {2, 3, 4} and arg2 only {0x70}\n"
			"  - deny write if fd in {9, 10} as EIO\n  - deny read if count == 7\n";
	asked = ask_the_kernel("a", "b");
	if (asked == 0)
		skip_because("no filter can be installed here");
	asked += ask_the_kernel("b", "a");
	asked += ask_the_kernel("builtin/strict", "builtin/default");
	asked += ask_the_kernel("builtin/default", "builtin/glibc");
	assert_true(asked > 150);
	print_message("%zu witnesses\n", asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_meaning_is_no_difference),
		cmocka_unit_test(every_kind_of_difference_has_its_witness_and_class),
		cmocka_unit_test(a_folder_stands_for_what_is_below_it),
		cmocka_unit_test(names_are_less_than_contents),
		cmocka_unit_test(the_kernel_confirms_every_witness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
