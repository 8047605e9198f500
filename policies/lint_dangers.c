/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and arguments that should not be open, whichever rules add up to it. */
#include <asm/ioctls.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policies/bundle.h"
#include "policies/filter_model.h"
#include "policies/lint_parts.h"
#include "policies/syscall_sets.h"

#define WRITE_EXEC (PROT_WRITE | PROT_EXEC)
#define NOEXEC_SEAL 8U /* MFD_NOEXEC_SEAL of Linux 6.3 */
#define ALLOWED EXPLAIN_LEAF(BUNDLE_NO_RULE, VERDICT_ALLOW, 0)

static const struct rule *rule_of(const struct linter *l, const struct seccomp_data *data)
{
	uint32_t leaf = diagram_value(&l->set, l->explain, data);

	if (EXPLAIN_RULE(leaf) >= l->policy->n_syscalls)
		return NULL;
	return &l->policy->syscalls[EXPLAIN_RULE(leaf)].rule;
}

/* Does some rule look at an argument of a call? */
static bool is_conditional(const struct linter *l, const char *call)
{
	for (size_t i = 0; i < l->policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &l->policy->syscalls[i];

		if (rule->cond && syscall_rule_names(rule, call))
			return true;
	}
	return false;
}

/* 1 where a rule of the user's opens a call; a base's own grants are its own. */
static diagram opened(struct linter *l, const char *call)
{
	diagram f = diagram_fix(&l->set, diagram_fix(&l->set, l->explain, DIAGRAM_ARCH, l->arch),
				DIAGRAM_NR, (uint32_t)syscall_number(call, l->arch));
	diagram found = diagram_leaf(&l->set, 0);

	for (uint32_t i = 0; i < l->policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &l->policy->syscalls[i];
		uint32_t leaf = EXPLAIN_LEAF(i, VERDICT_ALLOW, 0);

		if (rule->allow && lint_is_own(l, &rule->rule) && syscall_rule_names(rule, call))
			found = diagram_if(&l->set, diagram_equals(&l->set, f, leaf),
					   diagram_leaf(&l->set, 1), found);
	}
	return found;
}

/* An input of a call that the user opened, under a test of one argument and not under another;
 * false if there is none. */
static bool find_allowed(struct linter *l, const char *call, const struct diagram_word *test,
			 const struct diagram_word *unless, struct seccomp_data *ret)
{
	diagram f;

	*ret = (struct seccomp_data){ .nr = syscall_number(call, l->arch), .arch = l->arch };
	if (ret->nr < 0)
		return false;
	f = opened(l, call);
	if (test)
		f = diagram_if(&l->set, diagram_of_test(&l->set, test), f, 0);
	if (unless)
		f = diagram_if(&l->set, diagram_of_test(&l->set, unless), 0, f);
	return diagram_difference(&l->set, f, 0, ret);
}

static bool is_always_allowed(struct linter *l, const char *call)
{
	diagram f = 0;
	uint32_t answer = 0;

	return lint_call(l, call, &f) && diagram_is_leaf(&l->set, f, &answer) && answer == ALLOWED;
}

static void report(struct linter *l, enum lint_id id, const struct seccomp_data *data,
		   unsigned args)
{
	const struct rule *rule = rule_of(l, data);
	cleanup_strbuf struct strbuf text = { 0 };

	if (!rule || !lint_is_own(l, rule)) /* a call that is open by a base alone */
		return;
	filter_call_print(data, args, &text);
	lint_add(l, id, rule, "%s", strbuf_str(&text));
}

static void dangerous_calls(struct linter *l)
{
	static const char *const groups[] = { "@debug", "@kernel", "@mount", "@namespaces",
					      "@numa" };

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		struct name_list list = { 0 };

		if (!syscall_group_find(span_of(groups[g]), &list))
			continue;
		for (size_t i = 0; i < list.n; i++) {
			struct seccomp_data data = { 0 };
			const struct rule *rule;

			if (!find_allowed(l, list.names[i], NULL, NULL, &data))
				continue;
			rule = rule_of(l, &data);
			if (rule && !rule->why)
				report(l, LINT_DANGEROUS_CALL, &data, 0);
		}
	}
}

static void unfiltered(struct linter *l)
{
	static const struct {
		const char *call;
		enum lint_id id;
	} rows[] = {
		{ "ioctl", LINT_IOCTL_UNFILTERED },
		{ "prctl", LINT_PRCTL_UNFILTERED },
		{ "socket", LINT_SOCKET_UNFILTERED },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seccomp_data data = { .nr = syscall_number(rows[i].call, l->arch),
					     .arch = l->arch };

		if (is_always_allowed(l, rows[i].call))
			report(l, rows[i].id, &data, 0);
	}
}

/* Values of which one allowed is one too many. */
static void dangerous_arguments(struct linter *l)
{
	static const struct {
		enum lint_id id;
		const char *call;
		uint8_t arg;
		enum diagram_test test;
		uint32_t mask, value;
	} rows[] = {
		/* clang-format off */
		{ LINT_TIOCSTI,           "ioctl",  1, DIAGRAM_EQ, UINT32_MAX, TIOCSTI },
		{ LINT_TIOCLINUX,         "ioctl",  1, DIAGRAM_EQ, UINT32_MAX, TIOCLINUX },
		{ LINT_SOCKET_RARE,       "socket", 0, DIAGRAM_EQ, UINT32_MAX, AF_ALG },
		{ LINT_SOCKET_RARE,       "socket", 0, DIAGRAM_EQ, UINT32_MAX, AF_PACKET },
		{ LINT_SOCKET_RARE,       "socket", 0, DIAGRAM_EQ, UINT32_MAX, AF_VSOCK },
		{ LINT_SOCKET_RARE,       "socket", 0, DIAGRAM_EQ, UINT32_MAX, AF_KEY },
		{ LINT_SOCKET_RARE,       "socket", 0, DIAGRAM_EQ, UINT32_MAX, AF_TIPC },
		{ LINT_SOCKET_RARE,       "socket", 0, DIAGRAM_EQ, UINT32_MAX, AF_RXRPC },
		{ LINT_SOCKET_RARE,       "socket", 0, DIAGRAM_EQ, UINT32_MAX, AF_XDP },
		{ LINT_SOCKET_RAW,        "socket", 1, DIAGRAM_EQ, 0xf, SOCK_RAW },
		{ LINT_NEW_NAMESPACES,    "clone",  0, DIAGRAM_ANY, UINT32_MAX, CLONE_NEWUSER },
		{ LINT_SET_ID_BITS,       "chmod",  1, DIAGRAM_ANY, UINT32_MAX, S_ISUID | S_ISGID },
		{ LINT_SET_ID_BITS,       "fchmod", 1, DIAGRAM_ANY, UINT32_MAX, S_ISUID | S_ISGID },
		{ LINT_SET_ID_BITS,       "fchmodat", 2, DIAGRAM_ANY, UINT32_MAX, S_ISUID | S_ISGID },
		{ LINT_DEVICE_NODES,      "mknod",  1, DIAGRAM_EQ, S_IFMT, S_IFCHR },
		{ LINT_DEVICE_NODES,      "mknod",  1, DIAGRAM_EQ, S_IFMT, S_IFBLK },
		{ LINT_DEVICE_NODES,      "mknodat", 2, DIAGRAM_EQ, S_IFMT, S_IFCHR },
		{ LINT_DEVICE_NODES,      "mknodat", 2, DIAGRAM_EQ, S_IFMT, S_IFBLK },
		{ LINT_WRITE_EXEC_MEMORY, "mmap",   2, DIAGRAM_EQ, WRITE_EXEC, WRITE_EXEC },
		{ LINT_WRITE_EXEC_MEMORY, "mprotect", 2, DIAGRAM_EQ, WRITE_EXEC, WRITE_EXEC },
		{ LINT_MEMFD_EXEC,        "memfd_create", 1, DIAGRAM_EQ, NOEXEC_SEAL, 0 },
		{ LINT_IO_URING,          "io_uring_setup", 0, DIAGRAM_GE, UINT32_MAX, 0 },
		{ LINT_NESTED_LISTENER,   "seccomp", 1, DIAGRAM_ANY, UINT32_MAX, SECCOMP_FILTER_FLAG_NEW_LISTENER },
		/* clang-format on */
	};

	/* The kernel makes SOCK_DGRAM of a raw socket of AF_UNIX. */
	const struct diagram_word local = { DIAGRAM_ARG_LOW(0U), DIAGRAM_EQ, UINT32_MAX, AF_UNIX };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct diagram_word test = { DIAGRAM_ARG_LOW((unsigned)rows[i].arg),
						   rows[i].test, rows[i].mask, rows[i].value };
		struct seccomp_data data = { 0 };
		bool told =
			strcmp(rows[i].call, "ioctl") == 0 || strcmp(rows[i].call, "socket") == 0;

		/* Open for everything: unfiltered() tells. */
		if (told && is_always_allowed(l, rows[i].call))
			continue;
		if (find_allowed(l, rows[i].call, &test,
				 rows[i].id == LINT_SOCKET_RAW ? &local : NULL, &data))
			report(l, rows[i].id, &data, 1U << rows[i].arg);
	}
}

/* A call whose arguments stand behind a pointer, beside one whose arguments are restricted. */
static void pointer_twins(struct linter *l)
{
	static const struct {
		enum lint_id id;
		const char *call, *twin;
	} rows[] = {
		{ LINT_CLONE3_BESIDE_CLONE, "clone3", "clone" },
		{ LINT_OPENAT2_BESIDE_OPENAT, "openat2", "openat" },
		{ LINT_FCHMODAT2_BESIDE_FCHMODAT, "fchmodat2", "fchmodat" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seccomp_data data = { 0 };

		if (is_conditional(l, rows[i].twin) && is_always_allowed(l, rows[i].call) &&
		    find_allowed(l, rows[i].call, NULL, NULL, &data))
			report(l, rows[i].id, &data, 0);
	}
}

void lint_dangers(struct linter *l)
{
	dangerous_calls(l);
	unfiltered(l);
	dangerous_arguments(l);
	pointer_twins(l);
}
