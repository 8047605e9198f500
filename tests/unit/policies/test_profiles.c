/* SPDX-License-Identifier: Apache-2.0 */
/* What the shipped profiles promise: small, and closed where it matters. */
#include "tests/support/unit.h"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policies/bpf_eval.h"
#include "policies/bundle.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"

static void load(const char *name, struct arena *arena, struct bundle *bundle)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	int r = policy_resolve(name, builtin_fetch, NULL, arena, &policy, &diags);

	if (r == 0)
		r = policy_compile(&policy, arena, bundle, &diags);
	for (size_t i = 0; i < diags.n; i++)
		print_message("%s:%u: %s\n", diags.items[i].where.file, diags.items[i].where.line,
			      diags.items[i].text);
	assert_int_equal(r, 0);
}

static bool allows(const struct bundle *b, const char *call, uint64_t a0, uint64_t a1, uint64_t a2)
{
	const struct seccomp_data data = { .nr = syscall_number(call, b->audit_arch),
					   .arch = b->audit_arch,
					   .args = { a0, a1, a2 } };

	return bpf_eval(b->filter, b->n_filter, &data) == SECCOMP_RET_ALLOW;
}

static void every_profile_compiles(void **state)
{
	(void)state;
	assert_true(n_builtin_names >= 8);
	for (size_t i = 0; i < n_builtin_names; i++) {
		cleanup_arena struct arena arena = { 0 };
		struct bundle b = { 0 };

		load(builtin_names[i], &arena, &b);
		assert_true(b.n_filter < 500);
	}
}

static void default_opens_at_most_200_calls(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct bundle b = { 0 };

	(void)state;
	load("builtin/default", &arena, &b);
	assert_in_range(b.n_allowed, 100, 200);
}

static void default_refuses_the_dangerous_calls(void **state)
{
	static const char *const refused[] = {
		"bpf",
		"keyctl",
		"add_key",
		"request_key",
		"ptrace",
		"process_vm_readv",
		"process_vm_writev",
		"perf_event_open",
		"userfaultfd",
		"mount",
		"umount2",
		"fsopen",
		"open_tree",
		"move_mount",
		"mount_setattr",
		"pivot_root",
		"chroot",
		"setns",
		"unshare",
		"kexec_load",
		"init_module",
		"finit_module",
		"reboot",
		"io_uring_setup",
		"io_uring_enter",
		"clone3",
		"openat2",
		"pidfd_getfd",
		"kcmp",
		"open_by_handle_at",
		"name_to_handle_at",
		"swapon",
		"sethostname",
		"settimeofday",
		"clock_settime",
		"iopl",
		"ioperm",
		"modify_ldt",
		"quotactl",
		"acct",
		"syslog",
		"fanotify_init",
		"vmsplice",
		"mbind",
		"move_pages",
		"memfd_secret",
		"personality",
	};
	cleanup_arena struct arena arena = { 0 };
	struct bundle b = { 0 };

	(void)state;
	load("builtin/default", &arena, &b);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (allows(&b, refused[i], 0, 0, 0))
			fail_msg("%s is allowed", refused[i]);
	}
}

static void default_looks_at_arguments(void **state)
{
	const uint64_t high = 0x100000000ULL;
	cleanup_arena struct arena arena = { 0 };
	struct bundle b = { 0 };

	(void)state;
	load("builtin/default", &arena, &b);
	assert_true(allows(&b, "clone", CLONE_VM | CLONE_THREAD | 17, 0, 0));
	assert_false(allows(&b, "clone", CLONE_NEWUSER | 17, 0, 0));
	assert_false(allows(&b, "clone", high | CLONE_NEWNET, 0, 0));
	assert_true(allows(&b, "socket", AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	assert_false(allows(&b, "socket", AF_INET, SOCK_RAW, 0));
	assert_false(allows(&b, "socket", AF_INET, SOCK_STREAM, 262));
	assert_false(allows(&b, "socket", AF_ALG, SOCK_SEQPACKET, 0));
	assert_false(allows(&b, "socket", AF_PACKET, SOCK_DGRAM, 0));
	assert_false(allows(&b, "socket", AF_NETLINK, SOCK_RAW, 0));
	assert_false(allows(&b, "socket", AF_VSOCK, SOCK_STREAM, 0));
	assert_true(allows(&b, "ioctl", 0, TCGETS, 0));
	assert_false(allows(&b, "ioctl", 0, TIOCSTI, 0));
	assert_false(allows(&b, "ioctl", 0, high | TIOCSTI, 0));
	assert_false(allows(&b, "ioctl", 0, TIOCLINUX, 0));
	assert_true(allows(&b, "fchmod", 3, 0755, 0));
	assert_false(allows(&b, "fchmod", 3, 04755, 0));
	assert_false(allows(&b, "fchmod", 3, high | 02755, 0));
	assert_true(allows(&b, "mknod", 0, S_IFIFO | 0600, 0));
	assert_false(allows(&b, "mknod", 0, S_IFCHR | 0600, 0));
	assert_true(allows(&b, "openat", 0, 0, 0101));
	assert_true(allows(&b, "memfd_create", 0, 8, 0));
	assert_false(allows(&b, "memfd_create", 0, 1, 0));
}

static void strict_makes_no_processes_and_no_code(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct bundle b = { 0 };

	(void)state;
	load("builtin/strict", &arena, &b);
	assert_false(allows(&b, "fork", 0, 0, 0));
	assert_false(allows(&b, "clone", 17, 0, 0));
	assert_true(allows(&b, "clone", CLONE_THREAD | CLONE_VM, 0, 0));
	assert_false(allows(&b, "socket", AF_UNIX, SOCK_STREAM, 0));
	assert_false(allows(&b, "mmap", 0, 4096, 7));
	assert_true(allows(&b, "mmap", 0, 4096, 5));
}

static void every_call_is_in_a_group(void **state)
{
	int count = syscall_count(AUDIT_ARCH_X86_64);

	(void)state;
	assert_true(count > 440);
	for (int nr = 0; nr < count; nr++) {
		const char *name = syscall_name(nr, AUDIT_ARCH_X86_64);
		bool found = !name;

		for (size_t g = 0; g < n_syscall_group_names && !found; g++) {
			struct name_list list = { 0 };

			assert_true(syscall_group_find(span_of(syscall_group_names[g]), &list));
			for (size_t i = 0; i < list.n; i++)
				found = found || strcmp(list.names[i], name) == 0;
		}
		if (!found)
			fail_msg("%s is in no group", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_compiles),
		cmocka_unit_test(default_opens_at_most_200_calls),
		cmocka_unit_test(default_refuses_the_dangerous_calls),
		cmocka_unit_test(default_looks_at_arguments),
		cmocka_unit_test(strict_makes_no_processes_and_no_code),
		cmocka_unit_test(every_call_is_in_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
