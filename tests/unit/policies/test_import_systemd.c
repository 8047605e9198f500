/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a unit, and what the policy that they become says. */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "policies/policy_expect.h"
#include "policies/policy_import.h"
#include "policies/policy_read.h"

static int import(const char *text, struct arena *arena, struct strbuf *ret, struct diags *diags)
{
	const struct import_options options = { .name = "t" };

	diags->arena = arena;
	return import_systemd(span_of(text), "t.service", &options, arena, ret, diags);
}

/* Import, add tests, and see that they hold. */
static void check(const char *unit, const char *tests)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct diags diags = { 0 };
	struct policy policy = { 0 };
	struct err err = { 0 };

	if (import(unit, &arena, &text, &diags) < 0)
		fail_msg("%s: %s", unit, diags.n ? diags.items[0].text : "memory");
	strbuf_puts(&text, tests);
	if (policy_read(span_of(strbuf_str(&text)), "t", &arena, &policy, &diags) == 0)
		assert_int_equal(
			policy_expect_check(&policy, AUDIT_ARCH_X86_64, &arena, &diags, &err), 0);
	if (diags.n > 0)
		fail_msg("%s: %s", strbuf_str(&text), diags.items[0].text);
}

static void allow_lists(void **state)
{
	(void)state;
	check("[Service]\nSystemCallFilter=@system-service\nSystemCallFilter=~@resources @privileged\n"
	      "SystemCallErrorNumber=EACCES\nRestrictAddressFamilies=AF_UNIX AF_INET\n"
	      "MemoryDenyWriteExecute=yes\n",
	      "tests:\n  - expect allow syscall read\n  - expect deny syscall mount\n"
	      "  - expect deny syscall mbind\n  - expect deny syscall chroot\n"
	      "  - expect allow syscall socket domain=AF_UNIX\n"
	      "  - expect deny syscall socket domain=AF_NETLINK\n"
	      "  - expect deny syscall mprotect prot=6\n  - expect allow syscall execve\n");
}

static void deny_lists(void **state)
{
	(void)state;
	check("SystemCallFilter=~@mount ptrace no_such_call\nRestrictAddressFamilies=~AF_PACKET\n"
	      "RestrictSUIDSGID=true\n",
	      "tests:\n  - expect allow syscall read\n  - expect deny syscall mount\n"
	      "  - expect deny syscall ptrace\n  - expect allow syscall bpf\n"
	      "  - expect deny syscall socket domain=AF_PACKET\n"
	      "  - expect allow syscall socket domain=AF_UNIX\n"
	      "  - expect deny syscall chmod mode=04755\n");
}

static void paths_and_limits(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct diags diags = { 0 };

	(void)state;
	check("ReadWritePaths=-/srv/data /x\nInaccessiblePaths=/etc/ssl\nProtectHome=yes\n"
	      "PrivateTmp=yes\nStateDirectory=app\nProtectSystem=strict\n",
	      "tests:\n  - expect allow open /srv/data/a write\n  - expect deny open /etc/ssl/x read\n"
	      "  - expect deny open /home/a read\n  - expect allow open /var/lib/app/x write\n"
	      "  - expect allow open /tmp/x write\n  - expect deny open /usr/x write\n");
	assert_int_equal(
		import("MemoryMax=1G\nMemoryMax=512M\nUser=7\nUser=nobody\nTasksMax=64\nCPUQuota=150%\nUser=1000\n"
		       "LimitNOFILE=4096\nRuntimeMaxSec=90\nCapabilityBoundingSet=CAP_CHOWN\n"
		       "NoNewPrivileges=yes\n",
		       &arena, &text, &diags),
		0);
	assert_non_null(strstr(text.p, "  memory: 536870912\n"));
	assert_non_null(strstr(text.p, "  cpus: 1.500\n"));
	assert_non_null(strstr(text.p, "  user: 1000\n"));
	assert_non_null(
		strstr(text.p, "# lost: a name, which only the root can tell: User=nobody"));
	assert_non_null(strstr(text.p, "# lost: capabilities are never granted"));
	assert_non_null(strstr(text.p, "# always so: NoNewPrivileges=yes"));
}

/* What the language would refuse is told and left out; what is read again is a policy. */
static void leaves_out_what_is_no_path(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct diags diags = { 0 };
	struct policy policy = { 0 };

	(void)state;
	assert_int_equal(
		import("StateDirectory=../x a//b\nReadOnlyPaths=/c/../d //\n"
		       "InaccessiblePaths=// /.\nRestrictAddressFamilies=AF_UNIX PROT_READ 7\n",
		       &arena, &text, &diags),
		0);
	assert_non_null(strstr(text.p, "# lost: StateDirectory=../x\n"));
	assert_non_null(strstr(text.p, "  - write /var/lib/a/b/**\n"));
	assert_non_null(strstr(text.p, "# lost: ReadOnlyPaths=/c/../d\n"));
	assert_non_null(strstr(text.p, "  - read /**\n"));
	assert_non_null(strstr(text.p, "# lost: InaccessiblePaths=//\n"));
	assert_non_null(strstr(text.p, "# lost: InaccessiblePaths=/.\n"));
	assert_non_null(strstr(text.p, "domain in {AF_UNIX}\n"));
	assert_int_equal(
		policy_read((struct span){ text.p, text.len }, "t", &arena, &policy, &diags), 0);
}

static void refuses_what_hardens_nothing(void **state)
{
	static const char *const texts[] = { "", "[Unit]\nDescription=x\n", "\x01\x02",
					     "SystemCallFilter=@mount \\\n ptrace\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf text = { 0 };
		struct diags diags = { 0 };

		assert_int_equal(import(texts[i], &arena, &text, &diags), -EINVAL);
		assert_true(diags.n > 0);
		assert_int_equal(text.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allow_lists),
		cmocka_unit_test(deny_lists),
		cmocka_unit_test(paths_and_limits),
		cmocka_unit_test(leaves_out_what_is_no_path),
		cmocka_unit_test(refuses_what_hardens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
