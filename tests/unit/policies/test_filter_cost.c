/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "policies/filter_cost.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"

static const char text[] =
	"policy: 1\nsyscalls:\n  - allow execve read write mmap\n"
	"  - allow ioctl if cmd in {TCGETS, TIOCGWINSZ, FIONREAD}\n"
	"  - deny mmap if prot has PROT_WRITE|PROT_EXEC\n  - allow fcntl if cmd < 5 and fd != 3\n";

static void compile(struct arena *arena, struct filter_code *ret)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	struct err err = { 0 };

	assert_int_equal(policy_read(span_of(text), "t", arena, &policy, &diags), 0);
	assert_int_equal(filter_emit(&policy, AUDIT_ARCH_X86_64, FILTER_KERNEL, arena, ret, &err),
			 0);
}

/* How many instructions one input takes: what the emitter writes, one after the other. */
static unsigned steps(struct filter_code code, const struct seccomp_data *data)
{
	uint32_t a = 0;
	unsigned n = 1;

	for (size_t at = 0;; at++, n++) {
		const struct sock_filter *in = &code.code[at];

		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + in->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= in->k;
			break;
		case BPF_JMP | BPF_JA:
			at += in->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == in->k ? in->jt : in->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= in->k ? in->jt : in->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += a & in->k ? in->jt : in->jf;
			break;
		default:
			return n;
		}
	}
}

static void holds_for_every_input(void **state)
{
	static const uint64_t samples[] = { 0, 2, 3, 4, 5, 6, 7, 0x5401, 0x5413, 0x541b };
	cleanup_arena struct arena arena = { 0 };
	struct filter_code code = { 0 };

	(void)state;
	compile(&arena, &code);
	for (int nr = 0; nr < 460; nr++) {
		struct filter_cost cost = { 0 };
		unsigned least = 1000;
		unsigned most = 0;

		assert_int_equal(filter_cost_of(code, AUDIT_ARCH_X86_64, nr, &arena, &cost), 0);
		for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
			for (size_t k = 0; k < ARRAY_LEN(samples); k++) {
				const struct seccomp_data data = {
					.nr = nr,
					.arch = AUDIT_ARCH_X86_64,
					.args = { samples[k], samples[i], samples[i] },
				};
				unsigned n = steps(code, &data);

				least = n < least ? n : least;
				most = n > most ? n : most;
			}
		}
		assert_int_equal(least, cost.least);
		assert_int_equal(most, cost.most);
	}
}

static void knows_what_the_kernel_remembers(void **state)
{
	static const struct {
		const char *call;
		bool cached;
	} rows[] = { { "read", true },  { "exit_group", true }, { "ioctl", false },
		     { "mmap", false }, { "mount", false },     { "fcntl", false } };
	cleanup_arena struct arena arena = { 0 };
	struct filter_code code = { 0 };

	(void)state;
	compile(&arena, &code);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct filter_cost cost = { 0 };

		assert_int_equal(filter_cost_of(code, AUDIT_ARCH_X86_64,
						syscall_number(rows[i].call, AUDIT_ARCH_X86_64),
						&arena, &cost),
				 0);
		assert_int_equal(cost.cached, rows[i].cached);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_for_every_input),
		cmocka_unit_test(knows_what_the_kernel_remembers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
