/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/oci_filter.h"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/tiocl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "policies/bpf_emit.h"
#include "policies/syscall_sets.h"

#define X32_BIT 0x40000000U
#define NUMBERS_MAX 600 /* of calls in an architecture */

/* The rules of one number, in order, as a list of their indexes. */
struct numbers {
	uint16_t n[NUMBERS_MAX];
	const uint16_t *rules[NUMBERS_MAX]; /* each n[nr] long */
	size_t count;
};

struct interval {
	uint32_t start;
	size_t n;
	const uint16_t *rules;
	size_t code; /* 0 while there is none */
};

struct emitter {
	const struct oci_filter *filter;
	struct bpf_emitter bpf;
	struct interval *intervals;
	size_t n_intervals;
};

uint32_t oci_filter_native(void)
{
#if defined(__x86_64__)
	return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
	return AUDIT_ARCH_AARCH64;
#else
#error "the numbers of this architecture are not known here"
#endif
}

/* Go on at to_true if the 64-bit comparison holds. The high half decides first. */
static size_t test(struct emitter *e, const struct oci_compare_arg *arg, size_t to_true,
		   size_t to_false)
{
	struct bpf_emitter *b = &e->bpf;
	uint64_t want = arg->op == OCI_MASKED_EQ ? arg->value_two : arg->value;
	uint32_t low = (uint32_t)want;
	uint32_t high = (uint32_t)(want >> 32);
	bool negated = arg->op == OCI_NE || arg->op == OCI_LT || arg->op == OCI_LE;
	bool greater = arg->op == OCI_GT || arg->op == OCI_LE;
	bool order = greater || arg->op == OCI_GE || arg->op == OCI_LT;
	size_t yes = negated ? to_false : to_true;
	size_t no = negated ? to_true : to_false;
	size_t next;

	/* LT is not GE, LE is not GT, NE is not EQ. */
	if (order)
		bpf_emit_branch(b, greater ? BPF_JGT : BPF_JGE, low, yes, no);
	else
		bpf_emit_branch(b, BPF_JEQ, low, yes, no);
	if (arg->op == OCI_MASKED_EQ)
		bpf_emit(b, BPF_ALU | BPF_AND | BPF_K, (uint32_t)arg->value, 0, 0);
	next = bpf_emit_load_arg(b, arg->index, false);
	next = bpf_emit_branch(b, BPF_JEQ, high, next, no);
	if (order)
		bpf_emit_branch(b, BPF_JGT, high, yes, next);
	if (arg->op == OCI_MASKED_EQ)
		bpf_emit(b, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(arg->value >> 32), 0, 0);
	return bpf_emit_load_arg(b, arg->index, true);
}

static size_t test_rule(struct emitter *e, const struct oci_filter_rule *rule, size_t otherwise)
{
	size_t action = bpf_emit_ret(&e->bpf, rule->action);
	size_t next = rule->any ? otherwise : action;

	for (size_t i = rule->n_args; i-- > 0;) {
		if (rule->any)
			next = test(e, &rule->args[i], action, next);
		else
			next = test(e, &rule->args[i], next, otherwise);
	}
	return next;
}

static size_t decide(struct emitter *e, const struct interval *interval)
{
	const struct oci_filter_rule *rules = e->filter->rules;
	uint32_t last = e->filter->default_action;
	size_t next;

	for (size_t i = 0; i < interval->n; i++) {
		if (rules[interval->rules[i]].n_args == 0) {
			last = rules[interval->rules[i]].action;
			break;
		}
	}
	next = bpf_emit_ret(&e->bpf, last);
	for (size_t i = interval->n; i-- > 0;) {
		const struct oci_filter_rule *rule = &rules[interval->rules[i]];

		if (rule->n_args > 0)
			next = test_rule(e, rule, next);
	}
	return next;
}

static bool same(const struct interval *interval, size_t n, const uint16_t *rules)
{
	return interval->n == n &&
	       (n == 0 || memcmp(interval->rules, rules, n * sizeof(*rules)) == 0);
}

/* Intervals with the same rules share their code while it is near. */
static size_t interval_code(struct emitter *e, struct interval *interval)
{
	for (size_t i = 0; i < e->n_intervals && interval->code == 0; i++) {
		const struct interval *other = &e->intervals[i];

		if (other->code && same(interval, other->n, other->rules))
			interval->code = other->code;
	}
	if (interval->code == 0 || !bpf_emit_is_near(&e->bpf, interval->code))
		interval->code = decide(e, interval);
	return interval->code;
}

static size_t tree(struct emitter *e, size_t lo, size_t hi)
{
	size_t middle = lo + (hi - lo) / 2;
	size_t left;
	size_t right;

	if (hi - lo == 1)
		return interval_code(e, &e->intervals[lo]);
	right = tree(e, middle, hi);
	left = tree(e, lo, middle);
	return bpf_emit_branch(&e->bpf, BPF_JGE, e->intervals[middle].start, right, left);
}

/* Which rules name which number. Two passes: count, then fill one common array. */
static int sort_numbers(const struct oci_filter *filter, uint32_t arch, struct arena *arena,
			struct numbers *ret)
{
	size_t total = 0;
	uint16_t *all;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < filter->n_rules; i++) {
			const struct oci_filter_rule *rule = &filter->rules[i];

			for (size_t k = 0; k < rule->n_names; k++) {
				int nr = syscall_number(rule->names[k], arch);

				if (nr < 0 || nr >= NUMBERS_MAX)
					continue;
				if (pass == 1)
					((uint16_t *)(uintptr_t)ret->rules[nr])[ret->n[nr]] =
						(uint16_t)i;
				ret->n[nr]++;
				total++;
			}
		}
		if (pass == 1)
			break;
		all = arena_array(arena, total + 1, sizeof(*all));
		if (!all)
			return -ENOMEM;
		for (int nr = 0; nr < NUMBERS_MAX; nr++) {
			ret->rules[nr] = all;
			all += ret->n[nr];
			ret->n[nr] = 0;
		}
	}
	return 0;
}

static int make_intervals(struct emitter *e, uint32_t arch, struct arena *arena)
{
	struct numbers *numbers = arena_alloc(arena, sizeof(*numbers));

	e->intervals = arena_array(arena, NUMBERS_MAX + 1, sizeof(*e->intervals));
	if (!numbers || !e->intervals || sort_numbers(e->filter, arch, arena, numbers) < 0)
		return -ENOMEM;
	e->n_intervals = 0;
	for (uint32_t nr = 0; nr <= NUMBERS_MAX; nr++) {
		uint16_t n = nr < NUMBERS_MAX ? numbers->n[nr] : 0;
		const uint16_t *rules = n > 0 ? numbers->rules[nr] : NULL;

		if (e->n_intervals > 0 && same(&e->intervals[e->n_intervals - 1], n, rules))
			continue;
		e->intervals[e->n_intervals++] =
			(struct interval){ .start = nr, .n = n, .rules = rules };
	}
	return 0;
}

/* The code of one architecture, in front of what handles the others. */
static int emit_arch(struct emitter *e, uint32_t arch, size_t others, struct arena *arena,
		     size_t *ret)
{
	size_t root;

	if (make_intervals(e, arch, arena) < 0)
		return -ENOMEM;
	root = tree(e, 0, e->n_intervals);
	if (root != e->bpf.n) /* what comes in front runs into the last one put */
		bpf_emit(&e->bpf, BPF_JMP | BPF_JA, (uint32_t)(e->bpf.n - root), 0, 0);
	root = e->bpf.n;
	if (arch == AUDIT_ARCH_X86_64 && !e->filter->x32)
		bpf_emit_branch(&e->bpf, BPF_JGE, X32_BIT,
				bpf_emit_ret(&e->bpf, SECCOMP_RET_KILL_PROCESS), root);
	if (arch == AUDIT_ARCH_X86_64 && e->filter->x32)
		bpf_emit(&e->bpf, BPF_ALU | BPF_AND | BPF_K, ~X32_BIT, 0, 0);
	root = bpf_emit_load(&e->bpf, offsetof(struct seccomp_data, nr));
	bpf_emit_branch(&e->bpf, BPF_JEQ, arch, root, others);
	*ret = bpf_emit_load(&e->bpf, offsetof(struct seccomp_data, arch));
	return 0;
}

int oci_filter_emit(const struct oci_filter *filter, struct arena *arena,
		    const struct sock_filter **ret, struct err *err)
{
	struct emitter e = { .filter = filter };
	size_t others;

	if (bpf_emit_init(&e.bpf, arena) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (filter->n_rules >= UINT16_MAX)
		return err_set(err, E2BIG, "more than %d seccomp rules", UINT16_MAX - 1);
	others = bpf_emit_ret(&e.bpf, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = filter->n_archs; i-- > 0;) {
		if (emit_arch(&e, filter->archs[i], others, arena, &others) < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	if (e.bpf.full)
		return err_set(err, E2BIG,
			       "the seccomp filter would need more than %d instructions",
			       BPF_EMIT_MAX);
	*ret = bpf_emit_done(&e.bpf, arena);
	return *ret ? (int)e.bpf.n : err_set(err, ENOMEM, "out of memory");
}

/* The kernel looks at the low 32 bits of these arguments: so do we (CVE-2019-7303). */
#define LOW_IS(arg, number)                             \
	{                                               \
		arg, OCI_MASKED_EQ, UINT32_MAX, number, \
	}
#define HAS_BIT(arg, bit)                    \
	{                                    \
		arg, OCI_MASKED_EQ, bit, bit \
	}

/* Kernel code, devices behind the kernel's back, other hosts' clocks, the kernel's keyrings. */
static const char *const never[] = {
	"acct",           "add_key",       "bpf",
	"create_module",  "delete_module", "fanotify_init",
	"finit_module",   "init_module",   "io_uring_enter",
	"io_uring_setup", "ioperm",        "io_uring_register",
	"iopl",           "kcmp",          "kexec_file_load",
	"kexec_load",     "keyctl",        "lookup_dcookie",
	"nfsservctl",     "quotactl",      "open_by_handle_at",
	"quotactl_fd",    "reboot",        "perf_event_open",
	"request_key",    "swapoff",       "swapon",
	"uselib",         "userfaultfd",   "vm86",
	"vm86old",
};
static const char *const terminal_calls[] = { "ioctl" };
static const char *const socket_calls[] = { "socket", "socketpair" };
static const char *const namespace_calls[] = { "clone", "unshare" };
static const char *const hidden_flags[] = { "clone3" };

static const struct oci_compare_arg typing[] = { LOW_IS(1, TIOCSTI), LOW_IS(1, TIOCLINUX),
						 LOW_IS(1, TIOCSETD), LOW_IS(1, TIOCCONS) };
static const struct oci_compare_arg families[] = {
	LOW_IS(0, AF_ALG),  LOW_IS(0, AF_VSOCK), LOW_IS(0, AF_RXRPC),
	LOW_IS(0, AF_TIPC), LOW_IS(0, AF_RDS),   LOW_IS(0, AF_XDP),
	LOW_IS(0, AF_KCM),  LOW_IS(0, AF_SMC),   LOW_IS(0, AF_QIPCRTR),
};
static const struct oci_compare_arg user_namespaces[] = { HAS_BIT(0, CLONE_NEWUSER) };

#define DENY(how) (SECCOMP_RET_ERRNO | (how))
static const struct oci_filter_rule floor_rules[] = {
	{ ARRAY_LEN(never), never, 0, NULL, DENY(EPERM), false },
	{ 1, terminal_calls, ARRAY_LEN(typing), typing, DENY(EPERM), true },
	{ 2, socket_calls, ARRAY_LEN(families), families, DENY(EAFNOSUPPORT), true },
	{ 2, namespace_calls, 1, user_namespaces, DENY(EPERM), true },
	{ 1, hidden_flags, 0, NULL, DENY(ENOSYS), false },
};

int oci_filter_floor(struct arena *arena, const struct sock_filter **ret, struct err *err)
{
	const struct oci_filter filter = {
		.default_action = SECCOMP_RET_ALLOW,
		.n_rules = ARRAY_LEN(floor_rules),
		.rules = floor_rules,
		.n_archs = 1,
		.archs = { oci_filter_native() },
	};

	return oci_filter_emit(&filter, arena, ret, err);
}
