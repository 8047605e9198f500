/* SPDX-License-Identifier: Apache-2.0 */
/* Programs are written from their end; what comes out is run by the interpreter. */
#include "tests/support/unit.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "policies/bpf_emit.h"
#include "policies/bpf_eval.h"

static uint32_t run(const struct bpf_emitter *e, struct arena *arena, uint64_t arg)
{
	const struct seccomp_data data = { .nr = 7, .arch = AUDIT_ARCH_X86_64, .args = { 0, arg } };
	const struct sock_filter *code = bpf_emit_done(e, arena);

	assert_non_null(code);
	assert_true(bpf_is_loadable(code, e->n));
	return bpf_eval(code, e->n, &data);
}

static void loads_either_half_of_an_argument(void **state)
{
	(void)state;
	for (int high = 0; high <= 1; high++) {
		cleanup_arena struct arena arena = { 0 };
		struct bpf_emitter e;
		size_t yes;
		size_t no;

		assert_int_equal(bpf_emit_init(&e, &arena), 0);
		yes = bpf_emit_ret(&e, SECCOMP_RET_ALLOW);
		no = bpf_emit_ret(&e, SECCOMP_RET_ERRNO);
		bpf_emit_branch(&e, BPF_JEQ, 5, yes, no);
		bpf_emit_load_arg(&e, 1, high);
		assert_int_equal(run(&e, &arena, high ? (uint64_t)5 << 32 | 9 : 5),
				 SECCOMP_RET_ALLOW);
		assert_int_equal(run(&e, &arena, high ? 5 : (uint64_t)5 << 32), SECCOMP_RET_ERRNO);
	}
}

/* A jump of BPF reaches 255 instructions: what lies further is reached by jumps between. */
static void jumps_however_far(void **state)
{
	static const size_t distances[] = { 1, 200, 249, 250, 251, 254, 255, 256, 300, 600, 2000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(distances); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct bpf_emitter e;
		size_t far;
		size_t next;

		assert_int_equal(bpf_emit_init(&e, &arena), 0);
		far = bpf_emit_ret(&e, SECCOMP_RET_KILL_PROCESS);
		next = bpf_emit_ret(&e, SECCOMP_RET_ALLOW);
		for (size_t k = 0; k < distances[i]; k++)
			next = bpf_emit(&e, BPF_ALU | BPF_AND | BPF_K, UINT32_MAX, 0, 0);
		bpf_emit_branch(&e, BPF_JEQ, 3, far, next);
		bpf_emit_load_arg(&e, 1, false);
		assert_false(e.full);
		assert_int_equal(run(&e, &arena, 3), SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(run(&e, &arena, 4), SECCOMP_RET_ALLOW);
	}
}

static void uses_a_leaf_again_where_it_is_near(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct bpf_emitter e;
	size_t first;

	(void)state;
	assert_int_equal(bpf_emit_init(&e, &arena), 0);
	first = bpf_emit_ret(&e, SECCOMP_RET_ALLOW);
	assert_int_equal(bpf_emit_ret(&e, SECCOMP_RET_ALLOW), first);
	assert_int_equal(e.n, 1);
	for (int i = 0; i < 300; i++)
		bpf_emit(&e, BPF_ALU | BPF_AND | BPF_K, UINT32_MAX, 0, 0);
	assert_false(bpf_emit_is_near(&e, first));
	assert_int_not_equal(bpf_emit_ret(&e, SECCOMP_RET_ALLOW), first);
}

static void says_when_it_is_full(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct bpf_emitter e;

	(void)state;
	assert_int_equal(bpf_emit_init(&e, &arena), 0);
	for (size_t i = 0; i < BPF_EMIT_MAX; i++)
		bpf_emit(&e, BPF_RET | BPF_K, (uint32_t)i, 0, 0);
	assert_false(e.full);
	bpf_emit(&e, BPF_RET | BPF_K, 0, 0, 0);
	assert_true(e.full);
	assert_int_equal(e.n, BPF_EMIT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_either_half_of_an_argument),
		cmocka_unit_test(jumps_however_far),
		cmocka_unit_test(uses_a_leaf_again_where_it_is_near),
		cmocka_unit_test(says_when_it_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
