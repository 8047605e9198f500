/* SPDX-License-Identifier: Apache-2.0 */
/* Tests and waivers in a policy: read with every fault, and held against what it says. */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "policies/policy_expect.h"
#include "policies/policy_read.h"

static const char rules[] =
	"policy: 1\nfiles:\n  - read /etc/**\n  - write /work/**\n  - deny /etc/shadow\n"
	"syscalls:\n  - allow execve read\n  - allow ioctl if cmd in {TCGETS, FIONREAD}\n"
	"  - deny read if fd == 7 as EIO quietly\n";

/* What checking says of one test: NULL if it holds. */
static const char *check(struct arena *arena, const char *test)
{
	char *text = arena_printf(arena, "%stests:\n  - %s\n", rules, test);
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	struct err err = { 0 };

	if (policy_read(span_of(text), "t", arena, &policy, &diags) == 0)
		assert_int_equal(
			policy_expect_check(&policy, AUDIT_ARCH_X86_64, arena, &diags, &err), 0);
	return diags.n > 0 ? diags.items[0].text : NULL;
}

static void judges_each_test(void **state)
{
	static const struct {
		const char *test;
		const char *fault; /* part of it, or NULL */
	} rows[] = {
		{ "expect deny syscall mount", NULL },
		{ "expect allow syscall mount", "mount" },
		{ "expect allow syscall execve", NULL },
		{ "expect allow syscall ioctl cmd=TCGETS", NULL },
		{ "expect allow syscall ioctl cmd=TCGETS fd=3", NULL },
		{ "expect deny syscall ioctl cmd=TIOCSTI", NULL },
		{ "expect allow syscall ioctl", "ioctl(fd=0, cmd=0" },
		{ "expect deny syscall ioctl", "is allowed by t:8" },
		{ "expect allow syscall read", "read(fd=7" },
		{ "expect deny syscall read fd=7", NULL },
		{ "expect allow syscall read fd=8", NULL },
		{ "expect allow syscall exit_group", NULL },
		{ "expect allow open /etc/passwd read", NULL },
		{ "expect allow open /etc/passwd write", "no rule grants write of /etc/passwd" },
		{ "expect allow open /work/a/b write", NULL },
		{ "expect deny open /work/a read", "granted by t:4" },
		{ "expect deny open /etc/shadow read", NULL },
		{ "expect allow open /etc/shadow read", "denied by t:5" },
		{ "expect deny open /work/x exec", NULL },
		{ "expect allow open /usr list", "no rule grants list of /usr" },
		{ "expect allow open /etc/ssl list", NULL },
		{ "expect", "expected allow or deny" },
		{ "expect deny", "expected syscall, open, connect or listen" },
		{ "expect deny syscall", "an unknown system call" },
		{ "expect deny syscall ioctl cmd", "expected ARGUMENT=VALUE" },
		{ "expect deny syscall ioctl cmd=NOPE", "an unknown constant" },
		{ "expect deny syscall open filename=1", "" },
		{ "expect deny open etc read", "" },
		{ "expect deny open /etc", "expected list, read, write or exec" },
		{ "expect deny open /etc read write", "unexpected" },
		{ "expect deny connect 1.2.3.4:80", "the policy has no network rules" },
		{ "expect deny connect 169.254.169.254:80", NULL },
		{ "expect deny connect *:80", "a test of many" },
		{ "expect deny connect 10.0.0.0/8:80", "a test of many" },
		{ "expect deny listen udp 127.0.0.1:80-81", "a test of many" },
		{ "expect deny connect a.example:80 x", "unexpected at the end" },
		{ "deny syscall mount", "expected \"expect\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		const char *fault = check(&arena, rows[i].test);

		if (!rows[i].fault != !fault || (fault && !strstr(fault, rows[i].fault)))
			fail_msg("%s: %s", rows[i].test, fault ? fault : "holds");
	}
}

static void reads_waivers(void **state)
{
	static const struct {
		const char *waiver;
		const char *fault;
	} rows[] = {
		{ "write-exec until 2028-02-29 by sec@acme.example why \"batch job\"", NULL },
		{ "write-exec until 2027-02-29 by me why x", "not a day" },
		{ "write-exec until 2027-13-01 by me why x", "not a day" },
		{ "write-exec until 2027-1-1 by me why x", "not a day" },
		{ "write-exec until 2027-01-01 why x", "expected \"by\"" },
		{ "write-exec until 2027-01-01 by me why", "nobody answers for" },
		{ "write-exec until 2027-01-01 by me why \"\"", "nobody answers for" },
		{ "write-exec by me", "expected \"until\"" },
		{ "../x until 2027-01-01 by me why x", "not an id" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		char *text = arena_printf(&arena, "policy: 1\nwaivers:\n  - %s\n", rows[i].waiver);
		struct diags diags = { .arena = &arena };
		struct policy policy = { 0 };
		int r = policy_read(span_of(text), "t", &arena, &policy, &diags);

		assert_int_equal(r, rows[i].fault ? -EINVAL : 0);
		if (rows[i].fault) {
			assert_non_null(strstr(diags.items[0].text, rows[i].fault));
			continue;
		}
		assert_int_equal(policy.n_waivers, 1);
		assert_string_equal(policy.waivers[0].id, "write-exec");
		assert_string_equal(policy.waivers[0].until, "2028-02-29");
		assert_string_equal(policy.waivers[0].by, "sec@acme.example");
		assert_string_equal(policy.waivers[0].why, "batch job");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_each_test),
		cmocka_unit_test(reads_waivers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
