/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence that the filter is the policy: proved for every profile, and every mutant is told.
 */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/bundle.h"
#include "policies/filter_model.h"
#include "policies/filter_walk.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"

static void load(const char *name, struct arena *arena, struct policy *ret)
{
	struct diags diags = { .arena = arena };

	assert_int_equal(policy_resolve(name, builtin_fetch, NULL, arena, ret, &diags), 0);
}

static size_t emit(const struct policy *policy, uint32_t arch, enum filter_kind kind,
		   struct arena *arena, const struct sock_filter **ret)
{
	struct filter_code code = { 0 };
	struct err err = { 0 };

	assert_int_equal(filter_emit(policy, arch, kind, arena, &code, &err), 0);
	*ret = code.code;
	return code.n;
}

static void every_profile_is_what_it_says_on_every_input(void **state)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 };

	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		cleanup_arena struct arena arena = { 0 };
		struct policy policy = { 0 };

		load(builtin_names[i], &arena, &policy);
		for (size_t a = 0; a < ARRAY_LEN(archs); a++) {
			for (int kind = FILTER_KERNEL; kind <= FILTER_RULES; kind++) {
				const struct sock_filter *code = NULL;
				size_t n = emit(&policy, archs[a], (enum filter_kind)kind, &arena,
						&code);
				struct err err = { 0 };

				if (filter_check(&policy, archs[a], (enum filter_kind)kind,
						 (struct filter_code){ code, n, 0 }, &arena,
						 &err) < 0)
					fail_msg("%s: %s", builtin_names[i], err.msg);
			}
		}
	}
}

static uint32_t leaf_of(const struct policy *policy, struct arena *arena, const char *call,
			uint64_t a0, uint64_t a1)
{
	struct seccomp_data data = { .nr = syscall_number(call, AUDIT_ARCH_X86_64),
				     .arch = AUDIT_ARCH_X86_64,
				     .args = { a0, a1 } };
	const struct sock_filter *code = NULL;
	size_t n = emit(policy, AUDIT_ARCH_X86_64, FILTER_EXPLAIN, arena, &code);

	return EXPLAIN_ACTION(bpf_eval(code, n, &data));
}

/* Proved like any other, and the floor is where it should be. */
static void mode_audit_lets_go_on_all_but_the_floor(void **state)
{
	static const char text[] = "policy: 1\nmode: audit\nsyscalls:\n"
				   "  - allow execve read open ptrace\n"
				   "  - deny read if fd == 7\n"
				   "  - deny clone3 as ENOSYS quietly\n"
				   "  - allow ioctl if cmd == TCGETS\n";
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 };
	static const struct {
		const char *call;
		uint64_t a0, a1;
		enum verdict verdict;
	} rows[] = {
		{ "read", 0, 0, VERDICT_ALLOW },
		{ "read", 7, 0, VERDICT_AUDIT },
		{ "openat", 0, 0, VERDICT_LOOK },
		{ "ptrace", 0, 0, VERDICT_ALLOW }, /* the policy allows it */
		{ "mkdir", 0, 0, VERDICT_AUDIT },
		{ "clone3", 0, 0, VERDICT_AUDIT },
		{ "mount", 0, 0, VERDICT_NOTIFY },
		{ "bpf", 0, 0, VERDICT_NOTIFY },
		{ "io_uring_setup", 0, 0, VERDICT_NOTIFY },
		{ "ioctl", 0, 0x5401, VERDICT_ALLOW },
		{ "ioctl", 0, 0x5413, VERDICT_AUDIT },
		{ "ioctl", 0, 0x5412, VERDICT_NOTIFY },
		{ "ioctl", 0, 0x541c, VERDICT_NOTIFY },
		{ "socket", 2, 0, VERDICT_AUDIT },
		{ "socket", 40, 0, VERDICT_NOTIFY },
		{ "socket", 0x100000002, 0, VERDICT_AUDIT },
	};
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };

	(void)state;
	assert_int_equal(policy_read(span_of(text), "t", &arena, &policy, &diags), 0);
	assert_true(policy.audit_only);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t leaf = leaf_of(&policy, &arena, rows[i].call, rows[i].a0, rows[i].a1);

		if (leaf != rows[i].verdict)
			fail_msg("%s: %u", rows[i].call, leaf);
	}
	for (size_t a = 0; a < ARRAY_LEN(archs); a++) {
		for (int kind = FILTER_KERNEL; kind <= FILTER_RULES; kind++) {
			const struct sock_filter *code = NULL;
			size_t n = emit(&policy, archs[a], (enum filter_kind)kind, &arena, &code);
			struct err err = { 0 };

			if (filter_check(&policy, archs[a], (enum filter_kind)kind,
					 (struct filter_code){ code, n, 0 }, &arena, &err) < 0)
				fail_msg("kind %d: %s", kind, err.msg);
		}
	}
}

struct tally {
	size_t mutants, not_loadable, told, equivalent;
};

/* An equal diagram is a proof; the interpreter on many inputs is a second opinion. */
static void second_opinion(const struct sock_filter *code, const struct sock_filter *mutant,
			   size_t n)
{
	static const uint64_t samples[] = {
		0, 1, 2, 16, 0x10001, 02000, UINT32_MAX, 0x100000001ULL
	};

	for (int nr = -1; nr < 480; nr++) {
		for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
			const struct seccomp_data data = {
				.nr = nr,
				.arch = AUDIT_ARCH_X86_64,
				.args = { samples[i], samples[i], samples[(i + 1) % 8],
					  samples[i] },
			};

			assert_int_equal(bpf_eval(code, n, &data), bpf_eval(mutant, n, &data));
		}
	}
}

static void judge(const struct sock_filter *code, const struct sock_filter *mutant, size_t n,
		  struct diagrams *set, diagram model, struct tally *tally)
{
	struct seccomp_data data = { .arch = AUDIT_ARCH_X86_64 };
	struct err err = { 0 };
	diagram f = 0;

	tally->mutants++;
	if (filter_walk(mutant, n, set, &f, &err) < 0) {
		tally->not_loadable++;
	} else if (f == model) {
		tally->equivalent++;
		second_opinion(code, mutant, n);
	} else {
		tally->told++;
		assert_true(diagram_difference(set, f, model, &data));
		assert_int_not_equal(bpf_eval(code, n, &data), bpf_eval(mutant, n, &data));
	}
}

#define N_CHANGES 13

/* The i-th change of one instruction. */
static struct sock_filter change(struct sock_filter in, int i)
{
	static const uint16_t jumps[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	uint8_t swap = in.jt;

	switch (i) {
	case 0:
		in.k++;
		break;
	case 1:
		in.k--;
		break;
	case 2:
		in.k ^= 0x80000000U;
		break;
	case 3:
		in.k ^= 4;
		break;
	case 4:
		in.jt++;
		break;
	case 5:
		in.jf++;
		break;
	case 6:
		in.jt = in.jf;
		in.jf = swap;
		break;
	case 7:
		in.jt = 0;
		break;
	case 8:
		in = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, 0 }; /* left out */
		break;
	default:
		if (BPF_CLASS(in.code) == BPF_JMP && BPF_OP(in.code) != BPF_JA)
			in.code = (uint16_t)(BPF_JMP | BPF_K | jumps[i - 9]);
	}
	return in;
}

static void mutate(const char *name, size_t step, struct tally *tally)
{
	cleanup_arena struct arena arena = { 0 };
	const struct sock_filter *code = NULL;
	struct sock_filter mutant[FILTER_MAX_INSNS];
	struct policy policy = { 0 };
	size_t n;

	load(name, &arena, &policy);
	n = emit(&policy, AUDIT_ARCH_X86_64, FILTER_KERNEL, &arena, &code);
	for (size_t at = 0; at < n; at += step) {
		cleanup_arena struct arena scratch = { 0 };
		struct diagrams set = { 0 };
		struct err err = { 0 };
		diagram model = 0;

		assert_int_equal(diagrams_init(&set, &scratch), 0);
		assert_int_equal(
			filter_model(&policy, AUDIT_ARCH_X86_64, FILTER_KERNEL, &set, &model, &err),
			0);
		for (int i = 0; i < N_CHANGES; i++) {
			memcpy(mutant, code, n * sizeof(*code));
			mutant[at] = change(code[at], i);
			if (memcmp(&mutant[at], &code[at], sizeof(*code)) != 0)
				judge(code, mutant, n, &set, model, tally);
		}
	}
	print_message("%s: %zu instructions, %zu mutants: %zu would not load, %zu told apart, %zu "
		      "proved equivalent\n",
		      name, n, tally->mutants, tally->not_loadable, tally->told, tally->equivalent);
}

static void every_mutant_is_told_or_proved_equivalent(void **state)
{
	struct tally strict = { 0 };
	struct tally all = { 0 };

	(void)state;
	mutate("builtin/strict", 1, &strict);
	assert_true(strict.told * 10 > strict.mutants * 7);
	mutate("builtin/default", 7, &all);
	assert_true(all.told * 10 > all.mutants * 7);
}

/* High halves: a program that looks at them is told from one that does not. */
static void sees_a_look_at_the_high_half(void **state)
{
	static const char text[] = "policy: 1\nsyscalls:\n  - allow execve\n"
				   "  - allow socket if domain == 1\n";
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	const struct sock_filter *code = NULL;
	struct sock_filter mutant[FILTER_MAX_INSNS];
	struct policy policy = { 0 };
	struct err err = { 0 };
	size_t changed = 0;
	size_t n;

	(void)state;
	assert_int_equal(policy_read(span_of(text), "t", &arena, &policy, &diags), 0);
	n = emit(&policy, AUDIT_ARCH_X86_64, FILTER_KERNEL, &arena, &code);
	memcpy(mutant, code, n * sizeof(*code));
	for (size_t i = 0; i < n; i++) {
		if (code[i].code == (BPF_LD | BPF_W | BPF_ABS) && code[i].k == 16) {
			mutant[i].k = 20;
			changed++;
		}
	}
	assert_int_equal(changed, 1);
	assert_int_equal(filter_check(&policy, AUDIT_ARCH_X86_64, FILTER_KERNEL,
				      (struct filter_code){ mutant, n, 0 }, &arena, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "socket(domain="));
}

/* Deny wins over allow, a rule without a condition over one with, the first of several answers. */
static void models_what_the_rules_mean(void **state)
{
	static const char text[] = "policy: 1\nsyscalls:\n  - allow execve read socket\n"
				   "  - deny socket if domain == 16 as EACCES quietly\n"
				   "  - deny socket if type == 3 as ENOSYS quietly\n"
				   "  - allow kill if sig < 16 and not (sig == 9)\n"
				   "  - otherwise EIO\n  - unknown ENOSYS\n";
	static const struct {
		int nr;
		uint64_t a, b;
		uint32_t answer;
	} rows[] = {
		{ 0, 0, 0, SECCOMP_RET_ALLOW },
		{ 41, 1, 1, SECCOMP_RET_ALLOW },
		{ 41, 16, 1, SECCOMP_RET_ERRNO | EACCES },
		{ 41, 16, 3, SECCOMP_RET_ERRNO | EACCES },
		{ 41, 1, 3, SECCOMP_RET_ERRNO | ENOSYS },
		{ 62, 1, 0x700000001ULL, SECCOMP_RET_ALLOW },
		{ 62, 1, 0x700000009ULL, SECCOMP_RET_USER_NOTIF },
		{ 62, 1, 16, SECCOMP_RET_USER_NOTIF },
		{ 165, 0, 0, SECCOMP_RET_USER_NOTIF },
		{ 5000, 0, 0, SECCOMP_RET_ERRNO | ENOSYS },
		{ 0x40000000, 0, 0, SECCOMP_RET_KILL_PROCESS },
		{ -1, 0, 0, SECCOMP_RET_KILL_PROCESS },
	};
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct diagrams set = { 0 };
	struct policy policy = { 0 };
	struct err err = { 0 };
	diagram f = 0;

	(void)state;
	assert_int_equal(policy_read(span_of(text), "t", &arena, &policy, &diags), 0);
	assert_int_equal(diagrams_init(&set, &arena), 0);
	assert_int_equal(filter_model(&policy, AUDIT_ARCH_X86_64, FILTER_KERNEL, &set, &f, &err),
			 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct seccomp_data data = { .nr = rows[i].nr,
						   .arch = AUDIT_ARCH_X86_64,
						   .args = { rows[i].a, rows[i].b } };

		assert_int_equal(diagram_value(&set, f, &data), rows[i].answer);
	}
}

/* What a condition says of one call is what it says of all of them. */
static void a_condition_holds_where_its_diagram_does(void **state)
{
	static const uint64_t values[] = { 0, 1, 2, 9, 0x80000, UINT32_MAX, UINT64_C(1) << 32 };
	size_t held = 0;
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diagrams set = { 0 };
		struct policy policy = { 0 };

		load(builtin_names[i], &arena, &policy);
		assert_int_equal(diagrams_init(&set, &arena), 0);
		for (size_t k = 0; k < policy.n_syscalls * ARRAY_LEN(values); k++) {
			const struct cond *cond = policy.syscalls[k / ARRAY_LEN(values)].cond;
			struct seccomp_data data = { .arch = AUDIT_ARCH_X86_64 };
			uint64_t args[6];
			bool holds;

			for (size_t a = 0; a < ARRAY_LEN(args); a++)
				data.args[a] = args[a] = values[(k + a) % ARRAY_LEN(values)];
			if (!cond)
				continue;
			holds = cond_holds(cond, args);
			assert_int_equal(
				diagram_value(&set, filter_model_condition(cond, &set), &data),
				holds);
			held += holds;
			tried++;
		}
	}
	assert_in_range(held, tried / 20, tried - tried / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_holds_where_its_diagram_does),
		cmocka_unit_test(every_profile_is_what_it_says_on_every_input),
		cmocka_unit_test(mode_audit_lets_go_on_all_but_the_floor),
		cmocka_unit_test(models_what_the_rules_mean),
		cmocka_unit_test(sees_a_look_at_the_high_half),
		cmocka_unit_test(every_mutant_is_told_or_proved_equivalent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
