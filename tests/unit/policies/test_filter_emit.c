/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/bpf_eval.h"
#include "policies/bundle.h"
#include "policies/filter_emit.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"

struct compiled {
	struct arena arena;
	struct policy policy;
	const struct sock_filter *code, *explain;
	size_t n, n_explain;
};

static void compile(struct compiled *c, const char *text, uint32_t arch)
{
	struct diags diags = { .arena = &c->arena };
	struct err err = { 0 };
	struct filter_code code = { 0 };

	assert_int_equal(policy_read(span_of(text), "t", &c->arena, &c->policy, &diags), 0);
	assert_int_equal(filter_emit(&c->policy, arch, FILTER_KERNEL, &c->arena, &code, &err), 0);
	c->code = code.code;
	c->n = code.n;
	assert_int_equal(filter_emit(&c->policy, arch, FILTER_EXPLAIN, &c->arena, &code, &err), 0);
	c->explain = code.code;
	c->n_explain = code.n;
	assert_true(bpf_is_loadable(c->code, c->n));
	assert_true(bpf_is_loadable(c->explain, c->n_explain));
}

static const char rules[] =
	"policy: 1\nsyscalls:\n"
	"  - allow execve read write openat\n"
	"  - allow socket if domain in {AF_UNIX, AF_INET} and type only {SOCK_STREAM, SOCK_CLOEXEC}\n"
	"  - deny openat if flags has O_CREAT|O_TRUNC\n"
	"  - deny clone3 as ENOSYS quietly\n"
	"  - allow kill if sig < 16 and not (sig == SIGKILL)\n"
	"  - deny ptrace\n"
	"  - otherwise EACCES\n"
	"  - unknown ENOSYS\n";

static uint32_t run(const struct compiled *c, int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	const struct seccomp_data data = { .nr = nr,
					   .arch = AUDIT_ARCH_X86_64,
					   .args = { a0, a1, a2 } };

	return bpf_eval(c->code, c->n, &data);
}

static int nr_of(const char *name)
{
	return syscall_number(name, AUDIT_ARCH_X86_64);
}

static void decides_as_the_rules_say(void **state)
{
	struct compiled c = { 0 };

	(void)state;
	compile(&c, rules, AUDIT_ARCH_X86_64);
	assert_int_equal(run(&c, nr_of("read"), 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, nr_of("exit_group"), 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, nr_of("mount"), 0, 0, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&c, nr_of("clone3"), 0, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(run(&c, nr_of("socket"), AF_INET, SOCK_STREAM, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, nr_of("socket"), AF_INET, SOCK_RAW, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&c, nr_of("socket"), AF_PACKET, SOCK_STREAM, 0),
			 SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&c, nr_of("openat"), 0, 0, 0101), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, nr_of("openat"), 0, 0, 01101), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&c, nr_of("kill"), 1, 15, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, nr_of("kill"), 1, 9, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&c, nr_of("kill"), 1, 16, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&c, 599, 0, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(run(&c, -1, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	arena_done(&c.arena);
}

/* The class of CVE-2019-7303: the kernel drops the high half of an int, and so must the filter. */
static void looks_at_the_low_half_only(void **state)
{
	const uint64_t high = 0x100000000ULL;
	struct compiled c = { 0 };

	(void)state;
	compile(&c, rules, AUDIT_ARCH_X86_64);
	assert_int_equal(run(&c, nr_of("socket"), high | AF_INET, high | SOCK_STREAM, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, nr_of("kill"), 1, high | 9, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&c, nr_of("openat"), 0, 0, high | 01101), SECCOMP_RET_USER_NOTIF);
	arena_done(&c.arena);
}

static void kills_other_abis(void **state)
{
	struct seccomp_data data = { .nr = 0, .arch = AUDIT_ARCH_I386 };
	struct compiled c = { 0 };

	(void)state;
	compile(&c, rules, AUDIT_ARCH_X86_64);
	for (int nr = 0; nr < 500; nr++) {
		data = (struct seccomp_data){ .nr = nr, .arch = AUDIT_ARCH_I386 };
		assert_int_equal(bpf_eval(c.code, c.n, &data), SECCOMP_RET_KILL_PROCESS);
		data = (struct seccomp_data){ .nr = nr | 0x40000000, .arch = AUDIT_ARCH_X86_64 };
		assert_int_equal(bpf_eval(c.code, c.n, &data), SECCOMP_RET_KILL_PROCESS);
	}
	arena_done(&c.arena);
}

static void compiles_for_the_other_architecture(void **state)
{
	struct seccomp_data data = { .arch = AUDIT_ARCH_AARCH64 };
	struct compiled c = { 0 };

	(void)state;
	compile(&c, rules, AUDIT_ARCH_AARCH64);
	data.nr = syscall_number("read", AUDIT_ARCH_AARCH64);
	assert_int_equal(bpf_eval(c.code, c.n, &data), SECCOMP_RET_ALLOW);
	data.nr = syscall_number("mount", AUDIT_ARCH_AARCH64);
	assert_int_equal(bpf_eval(c.code, c.n, &data), SECCOMP_RET_USER_NOTIF);
	data.arch = AUDIT_ARCH_X86_64;
	assert_int_equal(bpf_eval(c.code, c.n, &data), SECCOMP_RET_KILL_PROCESS);
	arena_done(&c.arena);
}

static uint32_t action_of_verdict(uint32_t leaf)
{
	switch (EXPLAIN_ACTION(leaf)) {
	case VERDICT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case VERDICT_NOTIFY:
		return SECCOMP_RET_USER_NOTIF;
	case VERDICT_ERRNO:
		return SECCOMP_RET_ERRNO | (uint32_t)EXPLAIN_ERRNO(leaf);
	default:
		return SECCOMP_RET_KILL_PROCESS;
	}
}

static const uint64_t samples[] = { 0,         1,       2,          3,
				    9,         15,      16,         17,
				    64,        0101,    01101,      02000,
				    0x80000,   0x80001, UINT32_MAX, 0x100000001ULL,
				    UINT64_MAX };

static void explains_what_the_kernel_is_given(void **state)
{
	struct compiled c = { 0 };

	(void)state;
	compile(&c, rules, AUDIT_ARCH_X86_64);
	for (int nr = 0; nr < 520; nr++) {
		for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
			for (size_t k = 0; k < ARRAY_LEN(samples); k++) {
				const struct seccomp_data data = {
					.nr = nr,
					.arch = AUDIT_ARCH_X86_64,
					.args = { samples[i], samples[k], samples[k] },
				};
				uint32_t leaf = bpf_eval(c.explain, c.n_explain, &data);

				assert_int_equal(action_of_verdict(leaf),
						 bpf_eval(c.code, c.n, &data));
			}
		}
	}
	arena_done(&c.arena);
}

/* The same rules by libseccomp, with what it can say: equality under a mask of the low half. */
static size_t by_libseccomp(struct sock_filter *ret, size_t cap)
{
	static const char *const plain[] = { "execve",     "read",         "write",          "exit",
					     "exit_group", "rt_sigreturn", "restart_syscall" };
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EACCES));
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t n;

	assert_non_null(ctx);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
						  seccomp_syscall_resolve_name(plain[i]), 0),
				 0);
	assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
					  SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_UNIX)),
			 0);
	assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, 0)),
			 0);
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	n = fd_read_full(fd, ret, cap * sizeof(*ret));
	close(fd);
	assert_true(n > 0);
	return (size_t)n / sizeof(*ret);
}

static bool is_allowed(const struct sock_filter *code, size_t n, const struct seccomp_data *data)
{
	return bpf_eval(code, n, data) == SECCOMP_RET_ALLOW;
}

static void agrees_with_libseccomp(void **state)
{
	static struct sock_filter theirs[4096];
	size_t n = by_libseccomp(theirs, ARRAY_LEN(theirs));
	struct compiled c = { 0 };

	(void)state;
	compile(&c,
		"policy: 1\nsyscalls:\n  - allow execve read write\n"
		"  - allow socket if domain == AF_UNIX\n"
		"  - allow clone if not (flags has CLONE_NEWUSER)\n  - otherwise EACCES\n",
		AUDIT_ARCH_X86_64);
	for (int nr = 0; nr < 450; nr++) {
		for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
			const struct seccomp_data data = { .nr = nr,
							   .arch = AUDIT_ARCH_X86_64,
							   .args = { samples[i] } };

			assert_int_equal(is_allowed(c.code, c.n, &data),
					 is_allowed(theirs, n, &data));
		}
	}
	arena_done(&c.arena);
}

/* So many different conditions that leaves get out of reach of a jump. */
static void survives_long_programs(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct compiled c = { 0 };

	(void)state;
	strbuf_puts(&text, "policy: 1\nsyscalls:\n  - allow execve\n");
	for (int i = 0; i < 120; i++)
		strbuf_addf(&text, "  - allow ioctl if cmd == %d and fd == %d\n", 1000 + i, i);
	for (int i = 0; i < 60; i++)
		strbuf_addf(&text, "  - deny fcntl if cmd == %d as EPERM\n", i * 3);
	strbuf_puts(&text, "  - allow fcntl\n");
	compile(&c, strbuf_str(&text), AUDIT_ARCH_X86_64);
	assert_true(c.n > 600);
	for (uint64_t i = 0; i < 130; i++) {
		assert_int_equal(run(&c, nr_of("ioctl"), i, 1000 + i, 0),
				 i < 120 ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF);
		assert_int_equal(run(&c, nr_of("ioctl"), i + 1, 1000 + i, 0),
				 SECCOMP_RET_USER_NOTIF);
		assert_int_equal(run(&c, nr_of("fcntl"), 0, i, 0),
				 i % 3 == 0 ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW);
	}
	arena_done(&c.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_as_the_rules_say),
		cmocka_unit_test(looks_at_the_low_half_only),
		cmocka_unit_test(kills_other_abis),
		cmocka_unit_test(compiles_for_the_other_architecture),
		cmocka_unit_test(explains_what_the_kernel_is_given),
		cmocka_unit_test(agrees_with_libseccomp),
		cmocka_unit_test(survives_long_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
