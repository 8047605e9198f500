/* SPDX-License-Identifier: Apache-2.0 */
/* Each id of the catalogue has a policy that it is found in, and a good policy has none. */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "policies/policy_lint.h"
#include "policies/policy_read.h"
#include "tests/support/policy_text.h"

static void lint_text(const char *text, struct arena *arena, struct lint *ret)
{
	struct policy policy = { 0 };
	struct err err = { 0 };

	ret->arena = arena;
	policy_of_text("p", text, arena, &policy);
	assert_int_equal(policy_lint(&policy, AUDIT_ARCH_X86_64, "2026-11-25", ret, &err), 0);
}

static const struct lint_finding *find(const struct lint *lint, enum lint_id id)
{
	for (size_t i = 0; i < lint->n; i++) {
		if (lint->items[i].id == id)
			return &lint->items[i];
	}
	return NULL;
}

#define CALLS "policy: 1\nextends: [builtin/default]\nsyscalls:\n  - "
#define NETWORK "policy: 1\nextends: [builtin/network-client]\nnetwork:\n  - "
#define FILES "policy: 1\nextends: [builtin/glibc]\nfiles:\n  - "

/* clang-format off */
static const struct {
	enum lint_id id;
	const char *bad, *good; /* found in the first and not in the second */
	const char *network;
} rows[] = {
	{ LINT_DANGEROUS_CALL, CALLS "allow ptrace", CALLS "allow ptrace   # why: a debugger" },
	{ LINT_CLONE3_BESIDE_CLONE, "policy: 1\nsyscalls:\n  - allow clone3\n  - allow clone if flags only {CLONE_VM}", CALLS "allow clone3" },
	{ LINT_OPENAT2_BESIDE_OPENAT, "policy: 1\nsyscalls:\n  - allow openat2 openat\n  - deny openat if flags has O_TRUNC", "policy: 1\nsyscalls:\n  - allow openat2 openat" },
	{ LINT_FCHMODAT2_BESIDE_FCHMODAT, "policy: 1\nsyscalls:\n  - allow fchmodat2\n  - allow fchmodat if mode == 0", CALLS "allow fchmodat2" },
	{ LINT_IOCTL_UNFILTERED, CALLS "allow ioctl", CALLS "allow ioctl if cmd == TIOCNOTTY" },
	{ LINT_TIOCSTI, CALLS "allow ioctl if cmd in {TIOCSTI, TCGETS}", CALLS "allow ioctl" },
	{ LINT_TIOCLINUX, CALLS "allow ioctl if cmd != TIOCSTI", CALLS "allow ioctl if cmd == TIOCNOTTY" },
	{ LINT_PRCTL_UNFILTERED, CALLS "allow prctl", CALLS "allow prctl if option == 5" },
	{ LINT_SOCKET_UNFILTERED, CALLS "allow socket", CALLS "allow socket if domain == AF_NETLINK" },
	{ LINT_SOCKET_RARE, CALLS "allow socket if domain < 40", CALLS "allow socket if domain == AF_NETLINK" },
	{ LINT_SOCKET_RAW, CALLS "allow socket if domain == AF_INET", CALLS "allow socket if domain == AF_INET and type == SOCK_STREAM" },
	{ LINT_SOCKET_RAW, CALLS "allow socket if domain in {AF_UNIX, AF_INET}", CALLS "allow socket if domain == AF_UNIX" },
	{ LINT_WRITE_EXEC_MEMORY, "policy: 1\nsyscalls:\n  - allow mmap", "policy: 1\nsyscalls:\n  - allow mmap if not (prot has PROT_WRITE and prot has PROT_EXEC)" },
	{ LINT_MEMFD_EXEC, CALLS "allow memfd_create", CALLS "allow memfd_create if flags has MFD_NOEXEC_SEAL" },
	{ LINT_NEW_NAMESPACES, CALLS "allow clone", CALLS "allow clone if flags == CLONE_VM" },
	{ LINT_SET_ID_BITS, CALLS "allow chmod", CALLS "allow chmod if mode only {0777}" },
	{ LINT_DEVICE_NODES, CALLS "allow mknodat", CALLS "allow mknodat if mode only {S_IFIFO, 0777}" },
	{ LINT_IO_URING, "policy: 1\nsyscalls:\n  - allow io_uring_setup", CALLS "allow io_uring_setup" },
	{ LINT_NESTED_LISTENER, CALLS "allow seccomp", CALLS "allow seccomp if flags == 0" },
	{ LINT_EPERM_FOR_ENOSYS, "policy: 1\nsyscalls:\n  - deny clone3", "policy: 1\nextends: [builtin/glibc]" },
	{ LINT_UNKNOWN_NOT_ENOSYS, "policy: 1\nsyscalls:\n  - unknown EPERM", "policy: 1\nsyscalls:\n  - unknown ENOSYS" },
	{ LINT_HALF_FAMILY, "policy: 1\nsyscalls:\n  - allow openat if flags == 0", "policy: 1\nsyscalls:\n  - allow open" },
	{ LINT_DENY_HALF_FAMILY, CALLS "deny open if flags has O_TRUNC", CALLS "deny open, openat if flags has O_TRUNC\n  - deny creat" },
	{ LINT_ALLOW_WITHOUT_EFFECT, CALLS "allow read", CALLS "allow personality" },
	{ LINT_DENY_WITHOUT_EFFECT, CALLS "deny mount", CALLS "deny mount as ENOSYS" },
	{ LINT_DUPLICATE_RULE, CALLS "allow acct\n  - allow acct", CALLS "allow acct" },
	{ LINT_NEVER_TRUE, CALLS "allow kill if sig == 1 and sig == 2", CALLS "allow kill if sig == 1 or sig == 2" },
	{ LINT_ALWAYS_TRUE, CALLS "allow kill if sig has 0", CALLS "allow kill if sig has 1" },
	{ LINT_CONFLICTING_ERRORS, CALLS "deny acct as EIO\n  - deny acct as EACCES", CALLS "deny acct as EIO" },
	{ LINT_WRITE_EXEC_PATH, FILES "write /work/**\n  - exec /work/bin/**", FILES "write /work/**\n  - exec /usr/**" },
	{ LINT_WRITABLE_PROC, FILES "write /proc/self/comm", FILES "read /proc/**" },
	{ LINT_WRITABLE_ROOT, FILES "write /**", FILES "read /**" },
	{ LINT_WRITABLE_SYSTEM, FILES "write /etc/app/**", FILES "read /etc/app/**" },
	{ LINT_RUNTIME_SOCKET, FILES "write /run/**", FILES "write /run/**\n  - deny /run/docker.sock /run/containerd /run/crio /run/podman /run/dbus /run/systemd" },
	{ LINT_READABLE_SECRET, FILES "read /etc/**", FILES "read /etc/**\n  - deny /etc/shadow /etc/gshadow /etc/ssh /etc/krb5.keytab" },
	{ LINT_DEVICE_GRANT, FILES "write /dev/**", FILES "write /dev/null" },
	{ LINT_FILE_WITHOUT_EFFECT, FILES "read /usr/** /usr/lib/**", FILES "read /usr/** /etc/**" },
	{ LINT_FOLDER_ALONE, FILES "read /work /work/a", FILES "read /work/** /etc/passwd" },
	{ LINT_CONNECT_ANYWHERE, NETWORK "connect tcp *:443", NETWORK "connect tcp *:443   # why: a browser" },
	{ LINT_METADATA_GRANTED, NETWORK "connect tcp 169.254.169.254:80", NETWORK "connect tcp 10.0.0.1:80" },
	{ LINT_DNS_OPEN, NETWORK "connect udp resolver:53", NETWORK "connect udp resolver:53   # why: names are arguments" },
	{ LINT_PROGRAM_NOT_HELD, NETWORK "connect tcp a.example:80 from /usr/bin/x", NETWORK "connect tcp a.example:80" },
	{ LINT_NETWORK_WITHOUT_SOCKET, "policy: 1\nextends: [builtin/glibc]\nnetwork:\n  - connect tcp a.example:80", NETWORK "connect tcp a.example:80" },
	{ LINT_NETWORK_WITHOUT_EFFECT, NETWORK "connect tcp 10.0.0.0/8:80 10.1.0.0/16:80", NETWORK "connect tcp 10.0.0.0/8:80\n  - deny to 10.1.0.0/16" },
	{ LINT_NETWORK_UNUSED, NETWORK "connect tcp 10.0.0.1:80", NETWORK "connect tcp 127.0.0.1:80", "none" },
	{ LINT_NETWORK_NOT_HELD, NETWORK "connect tcp 10.0.0.1:80", NETWORK "connect tcp *:80", "host" },
	{ LINT_ROOT_USER, "policy: 1\nidentity:\n  user: 0", "policy: 1\nidentity:\n  user: 1" },
	{ LINT_NO_MEMORY_LIMIT, "policy: 1\nlimits:\n  pids: 1", "policy: 1\nlimits:\n  memory: 1GiB" },
	{ LINT_NO_PIDS_LIMIT, "policy: 1\nlimits:\n  memory: 1GiB", "policy: 1\nlimits:\n  pids: 1" },
	{ LINT_FILES_NOT_REQUIRED, FILES "read /usr/**", FILES "read /usr/**\nrequire: [files]" },
	{ LINT_LIMIT_NOT_REQUIRED, "policy: 1\nlimits:\n  cpus: 1", "policy: 1\nlimits:\n  cpus: 1\nrequire: [cgroup]" },
	{ LINT_WAIVER_EXPIRED, "policy: 1\nwaivers:\n  - no-tests until 2026-11-24 by me why x", "policy: 1\nwaivers:\n  - no-tests until 2026-11-25 by me why x" },
	{ LINT_WAIVER_UNUSED, "policy: 1\nwaivers:\n  - io-uring until 2027-01-01 by me why x", "policy: 1\nwaivers:\n  - cis-docker-5.27 until 2027-01-01 by me why x" },
	{ LINT_MODE_AUDIT, "policy: 1\nmode: audit", "policy: 1\nmode: enforce" },
	{ LINT_NO_NAME, "policy: 1", "policy: 1\nname: acme/x" },
	{ LINT_NO_TESTS, "policy: 1", "policy: 1\ntests:\n  - expect deny syscall mount" },
};
/* clang-format on */

static void finds_each_where_it_is_and_not_where_it_is_not(void **state)
{
	bool seen[LINT_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct lint bad = { .network = rows[i].network };
		struct lint good = { .network = rows[i].network };

		seen[rows[i].id] = true;
		lint_text(rows[i].bad, &arena, &bad);
		if (!find(&bad, rows[i].id))
			fail_msg("%s: not found in %s", lint_catalogue[rows[i].id].id, rows[i].bad);
		lint_text(rows[i].good, &arena, &good);
		if (find(&good, rows[i].id))
			fail_msg("%s: found in %s", lint_catalogue[rows[i].id].id, rows[i].good);
	}
	for (int i = 0; i < LINT_COUNT; i++) {
		if (!seen[i] && i != LINT_GRANT_UNUSED)
			fail_msg("%s has no policy here", lint_catalogue[i].id);
	}
}

static void points_at_the_line(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct lint lint = { 0 };
	const struct lint_finding *f;

	(void)state;
	lint_text(CALLS "allow personality\n  - allow bpf kcmp\n", &arena, &lint);
	f = find(&lint, LINT_DANGEROUS_CALL);
	assert_non_null(f);
	assert_int_equal(f->where.line, 5);
	assert_string_equal(f->rule, "allow bpf kcmp");
	assert_string_equal(f->text, "kcmp, bpf");
}

static void a_waiver_takes_a_finding_away(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct lint lint = { 0 };

	(void)state;
	lint_text(CALLS "allow ptrace\nwaivers:\n"
			"  - dangerous-call until 2026-11-25 by me why \"a debugger\"\n",
		  &arena, &lint);
	assert_non_null(find(&lint, LINT_DANGEROUS_CALL)->waiver);
	assert_null(find(&lint, LINT_NO_TESTS)->waiver);
}

/* By what runs have left: ordinary lint neither finds it nor calls its waiver unused. */
static void unused_grants_are_findings_that_can_be_waived(void **state)
{
	static const char waived[] =
		CALLS "allow ptrace\nwaivers:\n"
		      "  - grant-unused until 2026-11-25 by me why \"once a year\"\n";
	const struct rule rule = { { "p", 5, 5 }, "allow ptrace", NULL };
	const struct lint_unused list[] = { { &rule, "ptrace in 3 runs" } };
	cleanup_arena struct arena arena = { 0 };
	struct lint lint = { .arena = &arena };
	struct lint none = { .arena = &arena };
	struct lint ordinary = { 0 };
	struct policy policy = { 0 };
	struct err err = { 0 };

	(void)state;
	lint_text(waived, &arena, &ordinary);
	assert_null(find(&ordinary, LINT_GRANT_UNUSED));
	assert_null(find(&ordinary, LINT_WAIVER_UNUSED));
	policy_of_text("p", waived, &arena, &policy);
	assert_int_equal(policy_lint_unused(&policy, list, 1, "2026-11-25", &lint, &err), 0);
	assert_int_equal(lint.n, 1);
	assert_int_equal(lint.items[0].where.line, 5);
	assert_string_equal(lint.items[0].text, "ptrace in 3 runs");
	assert_non_null(lint.items[0].waiver);
	assert_int_equal(policy_lint_unused(&policy, list, 0, "2026-11-25", &none, &err), 0);
	assert_non_null(find(&none, LINT_WAIVER_UNUSED));
}

static void builtins_have_nothing_high(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		cleanup_arena struct arena arena = { 0 };
		struct lint lint = { .arena = &arena };
		struct policy policy = { 0 };
		struct err err = { 0 };

		if (strcmp(builtin_names[i], "builtin/learn") == 0)
			continue; /* what a learning run may do: open on purpose */
		policy_of_text(builtin_names[i], "", &arena, &policy);
		assert_int_equal(policy_lint(&policy, AUDIT_ARCH_X86_64, "2026-11-25", &lint, &err),
				 0);
		for (size_t k = 0; k < lint.n; k++) {
			if (lint_catalogue[lint.items[k].id].level == LINT_HIGH)
				fail_msg("%s:%u: %s: %s", lint.items[k].where.file,
					 lint.items[k].where.line,
					 lint_catalogue[lint.items[k].id].id, lint.items[k].text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_where_it_is_and_not_where_it_is_not),
		cmocka_unit_test(points_at_the_line),
		cmocka_unit_test(a_waiver_takes_a_finding_away),
		cmocka_unit_test(unused_grants_are_findings_that_can_be_waived),
		cmocka_unit_test(builtins_have_nothing_high),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
