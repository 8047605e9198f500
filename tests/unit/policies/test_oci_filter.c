/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "policies/bpf_eval.h"
#include "policies/oci_filter.h"
#include "policies/syscall_sets.h"

#define REFUSED (SECCOMP_RET_ERRNO | EPERM)

struct compiled {
	struct arena arena;
	const struct sock_filter *code;
	size_t n;
};

static void compile(struct compiled *c, const struct oci_filter *filter)
{
	struct err err = { 0 };
	int n = filter ? oci_filter_emit(filter, &c->arena, &c->code, &err)
		       : oci_filter_floor(&c->arena, &c->code, &err);

	assert_true(n > 0);
	c->n = (size_t)n;
	assert_true(bpf_is_loadable(c->code, c->n));
}

static uint32_t run_as(const struct compiled *c, uint32_t arch, const char *name, uint64_t a0,
		       uint64_t a1)
{
	const struct seccomp_data data = { .nr = syscall_number(name, arch),
					   .arch = arch,
					   .args = { a0, a1 } };

	return bpf_eval(c->code, c->n, &data);
}

static uint32_t run(const struct compiled *c, const char *name, uint64_t a0, uint64_t a1)
{
	return run_as(c, oci_filter_native(), name, a0, a1);
}

static bool holds(const struct oci_compare_arg *arg, uint64_t v)
{
	switch (arg->op) {
	case OCI_NE:
		return v != arg->value;
	case OCI_LT:
		return v < arg->value;
	case OCI_LE:
		return v <= arg->value;
	case OCI_EQ:
		return v == arg->value;
	case OCI_GE:
		return v >= arg->value;
	case OCI_GT:
		return v > arg->value;
	case OCI_MASKED_EQ:
		return (v & arg->value) == arg->value_two;
	}
	return false;
}

static void compares_all_64_bits_as_the_specification_says(void **state)
{
	static const uint64_t values[] = {
		0, 1, 5, 0xffffffff, 0x100000000, 0x100000005, 0xffffffff00000000, UINT64_MAX
	};
	static const char *const names[] = { "personality" };

	(void)state;
	for (int op = OCI_NE; op <= OCI_MASKED_EQ; op++) {
		for (size_t i = 0; i < ARRAY_LEN(values); i++) {
			const struct oci_compare_arg arg = { 0, (enum oci_compare)op, values[i],
							     values[i] & 0x5 };
			const struct oci_filter_rule rule = { 1, names, 1, &arg, REFUSED, false };
			const struct oci_filter filter = { .default_action = SECCOMP_RET_ALLOW,
							   .n_rules = 1,
							   .rules = &rule,
							   .n_archs = 1,
							   .archs = { oci_filter_native() } };
			struct compiled c = { 0 };

			compile(&c, &filter);
			for (size_t k = 0; k < ARRAY_LEN(values); k++)
				assert_int_equal(run(&c, "personality", values[k], 0),
						 holds(&arg, values[k]) ? REFUSED
									: SECCOMP_RET_ALLOW);
			arena_done(&c.arena);
		}
	}
}

static void tries_conditions_first_then_the_plain_rule_then_the_default(void **state)
{
	static const char *const both[] = { "personality", "socket", "no_such_call" };
	static const char *const one[] = { "personality" };
	const struct oci_compare_arg two[] = { { 0, OCI_EQ, 1, 0 }, { 1, OCI_EQ, 2, 0 } };
	const struct oci_filter_rule rules[] = {
		{ 3, both, 0, NULL, SECCOMP_RET_LOG, false },
		{ 1, one, 2, two, SECCOMP_RET_ALLOW, false },
	};
	const struct oci_filter filter = { .default_action = REFUSED,
					   .n_rules = 2,
					   .rules = rules,
					   .n_archs = 2,
					   .archs = { oci_filter_native(), AUDIT_ARCH_I386 } };
	struct compiled c = { 0 };

	(void)state;
	compile(&c, &filter);
	assert_int_equal(run(&c, "personality", 1, 2), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, "personality", 1, 3), SECCOMP_RET_LOG);
	assert_int_equal(run(&c, "socket", 0, 0), SECCOMP_RET_LOG);
	assert_int_equal(run(&c, "read", 0, 0), REFUSED);
	assert_int_equal(run_as(&c, AUDIT_ARCH_I386, "personality", 0, 0), SECCOMP_RET_LOG);
	assert_int_equal(run_as(&c, AUDIT_ARCH_I386, "read", 0, 0), REFUSED);
	assert_int_equal(run_as(&c, AUDIT_ARCH_S390, "read", 0, 0), SECCOMP_RET_KILL_PROCESS);
	arena_done(&c.arena);
}

static void the_floor_refuses_what_no_container_needs(void **state)
{
	struct compiled c = { 0 };
	const struct seccomp_data x32 = { .nr = 0x40000000, .arch = AUDIT_ARCH_X86_64 };

	(void)state;
	compile(&c, NULL);
	assert_int_equal(run(&c, "init_module", 0, 0), REFUSED);
	assert_int_equal(run(&c, "keyctl", 0, 0), REFUSED);
	assert_int_equal(run(&c, "ioctl", 0, TIOCSTI), REFUSED);
	assert_int_equal(run(&c, "ioctl", 0, TIOCSTI | 0x100000000), REFUSED);
	assert_int_equal(run(&c, "ioctl", 0, TIOCGWINSZ), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, "socket", AF_VSOCK, 0), SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	assert_int_equal(run(&c, "socket", AF_INET6, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, "unshare", CLONE_NEWUSER, 0), REFUSED);
	assert_int_equal(run(&c, "clone", CLONE_VM | CLONE_NEWUSER, 0), REFUSED);
	assert_int_equal(run(&c, "clone", CLONE_VM, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&c, "clone3", 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(run(&c, "write", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run_as(&c, AUDIT_ARCH_I386, "write", 0, 0), SECCOMP_RET_KILL_PROCESS);
	if (oci_filter_native() == AUDIT_ARCH_X86_64)
		assert_int_equal(bpf_eval(c.code, c.n, &x32), SECCOMP_RET_KILL_PROCESS);
	arena_done(&c.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_all_64_bits_as_the_specification_says),
		cmocka_unit_test(tries_conditions_first_then_the_plain_rule_then_the_default),
		cmocka_unit_test(the_floor_refuses_what_no_container_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
