/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "policies/policy_minimize.h"
#include "policies/policy_read.h"

static int minimize(const char *text, struct arena *arena, struct spare_grants *ret)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	struct err err = { 0 };

	ret->arena = arena;
	assert_int_equal(policy_read(span_of(text), "t", arena, &policy, &diags), 0);
	return policy_minimize(&policy, AUDIT_ARCH_X86_64, ret, &err);
}

static void names_what_no_test_needs(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct spare_grants spare = { 0 };

	(void)state;
	assert_int_equal(minimize("policy: 1\nfiles:\n  - read /etc/** /usr/**\n  - deny /x\n"
				  "syscalls:\n  - allow read ptrace\n"
				  "  - allow kill if sig == 9\n  - allow kill if sig == 15\n"
				  "tests:\n  - expect allow syscall read\n"
				  "  - expect allow open /etc/hosts read\n"
				  "  - expect allow syscall kill sig=9\n"
				  "  - expect deny syscall mount\n",
				  &arena, &spare),
			 0);
	assert_int_equal(spare.n, 3);
	assert_string_equal(spare.items[0].what, "/usr");
	assert_string_equal(spare.items[1].what, "ptrace");
	assert_string_equal(spare.items[2].what, "kill");
	assert_int_equal(spare.items[2].rule->where.line, 8);
}

static void needs_tests(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct spare_grants spare = { 0 };

	(void)state;
	assert_int_equal(minimize("policy: 1\nsyscalls:\n  - allow read\n", &arena, &spare),
			 -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_no_test_needs),
		cmocka_unit_test(needs_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
