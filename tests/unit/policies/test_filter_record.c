/* SPDX-License-Identifier: Apache-2.0 */
/* A learning run's filter: refuses what the policy refuses, announces what is worth a look. */
#include "tests/support/unit.h"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/filter_record.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"

static void load(const char *name, struct arena *arena, struct bundle *ret)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };

	assert_int_equal(policy_resolve(name, builtin_fetch, NULL, arena, &policy, &diags), 0);
	assert_int_equal(policy_compile(&policy, arena, ret, &diags), 0);
}

static void each_call_gets_its_answer(void **state)
{
	static const struct {
		const char *call;
		uint64_t arg1;
		uint32_t answer;
	} cases[] = {
		{ "read", 0, SECCOMP_RET_ALLOW },
		{ "mmap", 0, SECCOMP_RET_ALLOW },
		{ "ioctl", TCGETS, SECCOMP_RET_ALLOW },
		{ "ioctl", FIONREAD, SECCOMP_RET_USER_NOTIF },
		{ "ioctl", TIOCSTI, SECCOMP_RET_USER_NOTIF },
		{ "getdents64", 0, SECCOMP_RET_USER_NOTIF },
		{ "openat", 0, SECCOMP_RET_USER_NOTIF },
		{ "open", 0, SECCOMP_RET_USER_NOTIF },
		{ "execve", 0, SECCOMP_RET_USER_NOTIF },
		{ "exit_group", 0, SECCOMP_RET_USER_NOTIF },
		{ "exit", 0, SECCOMP_RET_USER_NOTIF },
		{ "rt_sigreturn", 0, SECCOMP_RET_ALLOW },
		{ "bpf", 0, SECCOMP_RET_USER_NOTIF },
		{ "clone3", 0, SECCOMP_RET_ERRNO | ENOSYS },
	};
	cleanup_arena struct arena arena = { 0 };
	const struct sock_filter *filter = NULL;
	struct bundle policy = { 0 };
	struct bundle known = { 0 };
	struct err err = { 0 };
	int n;

	(void)state;
	load("builtin/learn", &arena, &policy);
	load("builtin/start", &arena, &known);
	n = filter_record(&policy, &known, &arena, &filter, &err);
	assert_true(n > 0);
	assert_true(bpf_is_loadable(filter, (size_t)n));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct seccomp_data data = { .nr = syscall_number(cases[i].call, policy.audit_arch),
					     .arch = policy.audit_arch,
					     .args = { 0, cases[i].arg1 } };

		if (data.nr < 0)
			continue; /* not of this architecture */
		assert_int_equal(bpf_eval(filter, (size_t)n, &data), cases[i].answer);
	}
}

/* Whatever the base says, it opens nothing that the run's own policy refuses. */
static void the_base_opens_nothing(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	const struct sock_filter *filter = NULL;
	struct bundle policy = { 0 };
	struct bundle known = { 0 };
	struct err err = { 0 };
	int n;

	(void)state;
	load("builtin/strict", &arena, &policy);
	load("builtin/default", &arena, &known);
	n = filter_record(&policy, &known, &arena, &filter, &err);
	assert_true(n > 0);
	for (int nr = 0; nr < 600; nr++) {
		for (uint64_t arg = 0; arg < 64; arg++) {
			struct seccomp_data data = { .nr = nr,
						     .arch = policy.audit_arch,
						     .args = { arg, arg, arg, arg } };

			if (bpf_eval(filter, (size_t)n, &data) == SECCOMP_RET_ALLOW)
				assert_int_equal(bpf_eval(policy.filter, policy.n_filter, &data),
						 SECCOMP_RET_ALLOW);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_gets_its_answer),
		cmocka_unit_test(the_base_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
