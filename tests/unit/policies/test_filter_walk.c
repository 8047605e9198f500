/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/bpf_eval.h"
#include "policies/filter_walk.h"

#define X86_64 AUDIT_ARCH_X86_64

/*
 * GHSA-4q85-33p6-j5g6: libseccomp up to 2.6.0 merges 64-bit comparisons wrongly. This is what 2.5.4
 * writes for "allow read if buf >= 0xffffffff00000000" and "allow read if buf < 1", all else
 * EPERM; it also allows 0xffffffff.
 */
/* clang-format off */
static const struct sock_filter merged_wrongly[] = {
	{ 0x20,  0,  0, 0x00000004 }, { 0x15,  0, 15, 0xc000003e }, { 0x20,  0,  0, 0x00000000 },
	{ 0x35,  0,  1, 0x40000000 }, { 0x15,  0, 12, 0xffffffff }, { 0x15,  0,  9, 0x00000000 },
	{ 0x20,  0,  0, 0x00000014 }, { 0x25,  3,  0, 0x00000000 }, { 0x15,  0,  7, 0x00000000 },
	{ 0x20,  0,  0, 0x00000010 }, { 0x35,  0,  5, 0x00000001 }, { 0x25,  4,  0, 0xffffffff },
	{ 0x15,  0,  2, 0xffffffff }, { 0x20,  0,  0, 0x00000010 }, { 0x35,  1,  0, 0x00000000 },
	{ 0x06,  0,  0, 0x00050001 }, { 0x06,  0,  0, 0x7fff0000 }, { 0x06,  0,  0, 0x00000000 },
};
/* clang-format on */

/* argument 0 >= value, all 64 bits. */
static diagram at_least(struct diagrams *set, uint64_t value)
{
	uint32_t high = (uint32_t)(value >> 32);
	const struct diagram_word above = { DIAGRAM_ARG_HIGH(0), DIAGRAM_GT, UINT32_MAX, high };
	const struct diagram_word equal = { DIAGRAM_ARG_HIGH(0), DIAGRAM_EQ, UINT32_MAX, high };
	const struct diagram_word low = { DIAGRAM_ARG_LOW(0), DIAGRAM_GE, UINT32_MAX,
					  (uint32_t)value };
	diagram both = diagram_if(set, diagram_of_test(set, &equal), diagram_of_test(set, &low),
				  diagram_leaf(set, 0));

	return diagram_if(set, diagram_of_test(set, &above), diagram_leaf(set, 1), both);
}

/* What the two rules mean, of read() on x86-64. */
static diagram meant(struct diagrams *set)
{
	diagram no = diagram_leaf(set, SECCOMP_RET_ERRNO | EPERM);
	diagram yes = diagram_leaf(set, SECCOMP_RET_ALLOW);
	diagram small = diagram_if(set, at_least(set, 1), no, yes);

	return diagram_if(set, at_least(set, 0xffffffff00000000ULL), yes, small);
}

static diagram read_of(struct diagrams *set, diagram f)
{
	return diagram_fix(set, diagram_fix(set, f, DIAGRAM_ARCH, X86_64), DIAGRAM_NR, 0);
}

static void catches_the_64_bit_merge_defect(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct diagrams set = { 0 };
	struct seccomp_data data = { .arch = X86_64 };
	struct err err = { 0 };
	diagram f = 0;

	(void)state;
	assert_int_equal(diagrams_init(&set, &arena), 0);
	assert_int_equal(filter_walk(merged_wrongly, ARRAY_LEN(merged_wrongly), &set, &f, &err), 0);
	assert_true(diagram_difference(&set, read_of(&set, f), meant(&set), &data));
	/* The witness is real: the interpreter allows it, the rules do not. */
	assert_int_equal(bpf_eval(merged_wrongly, ARRAY_LEN(merged_wrongly), &data),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(data.args[0], 0xffffffff);
	assert_int_equal(diagram_value(&set, meant(&set), &data), SECCOMP_RET_ERRNO | EPERM);
}

static size_t export(scmp_filter_ctx ctx, struct sock_filter *ret, size_t cap)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t n;

	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	n = fd_read_full(fd, ret, cap * sizeof(*ret));
	close(fd);
	assert_true(n > 0);
	return (size_t)n / sizeof(*ret);
}

/* With the library of this machine: as above if it is older than 2.6.1, else as meant. */
static void tells_what_this_libseccomp_does(void **state)
{
	const struct scmp_arg_cmp large = { 0, SCMP_CMP_GE, 0xffffffff00000000ULL, 0 };
	const struct scmp_arg_cmp small = { 0, SCMP_CMP_LT, 1, 0 };
	const struct scmp_version *version = seccomp_version();
	unsigned release = version->major * 10000 + version->minor * 100 + version->micro;
	cleanup_arena struct arena arena = { 0 };
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	struct sock_filter code[64];
	struct diagrams set = { 0 };
	struct err err = { 0 };
	diagram f = 0;
	size_t n;

	(void)state;
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		skip_because("the filter is for x86-64");
	assert_int_equal(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, &large), 0);
	assert_int_equal(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, &small), 0);
	n = export(ctx, code, ARRAY_LEN(code));
	assert_int_equal(diagrams_init(&set, &arena), 0);
	assert_int_equal(filter_walk(code, n, &set, &f, &err), 0);
	if (release >= 20601)
		assert_int_equal(read_of(&set, f), meant(&set));
	else
		assert_int_not_equal(read_of(&set, f), meant(&set));
}

/* One comparison alone is right in every version: the walk and the library agree bit for bit. */
static void agrees_with_libseccomp_on_one_comparison(void **state)
{
	static const uint64_t values[] = { 1, 0xffffffff, 0x100000000ULL, 0x100000001ULL,
					   0xffffffff00000000ULL };

	(void)state;
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		skip_because("the filter is for x86-64");
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const struct scmp_arg_cmp cmp = { 0, SCMP_CMP_GE, values[i], 0 };
		cleanup_arena struct arena arena = { 0 };
		scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
		struct sock_filter code[64];
		struct diagrams set = { 0 };
		struct err err = { 0 };
		diagram f = 0;
		size_t n;

		assert_int_equal(
			seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, &cmp), 0);
		n = export(ctx, code, ARRAY_LEN(code));
		assert_int_equal(diagrams_init(&set, &arena), 0);
		assert_int_equal(filter_walk(code, n, &set, &f, &err), 0);
		assert_int_equal(read_of(&set, f),
				 diagram_if(&set, at_least(&set, values[i]),
					    diagram_leaf(&set, SECCOMP_RET_ALLOW),
					    diagram_leaf(&set, SECCOMP_RET_ERRNO | EPERM)));
	}
}

static void refuses_what_it_cannot_tell(void **state)
{
	static const struct sock_filter answers_input[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 16 },
		{ BPF_RET | BPF_A, 0, 0, 0 },
	};
	static const struct sock_filter jumps_out[] = {
		{ BPF_JMP | BPF_JA, 0, 0, 7 },
		{ BPF_RET | BPF_K, 0, 0, 0 },
	};
	cleanup_arena struct arena arena = { 0 };
	struct diagrams set = { 0 };
	struct err err = { 0 };
	diagram f = 77;

	(void)state;
	assert_int_equal(diagrams_init(&set, &arena), 0);
	assert_int_equal(filter_walk(answers_input, 2, &set, &f, &err), -EOPNOTSUPP);
	assert_int_equal(filter_walk(jumps_out, 2, &set, &f, &err), -EINVAL);
	assert_int_equal(filter_walk(jumps_out, 0, &set, &f, &err), -EINVAL);
	assert_int_equal(f, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(catches_the_64_bit_merge_defect),
		cmocka_unit_test(tells_what_this_libseccomp_does),
		cmocka_unit_test(agrees_with_libseccomp_on_one_comparison),
		cmocka_unit_test(refuses_what_it_cannot_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
