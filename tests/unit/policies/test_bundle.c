/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/bundle.h"
#include "policies/bundle_format.h"
#include "policies/policy_read.h"

static void make(struct arena *arena, struct strbuf *bytes)
{
	struct policy_source source = { .name = "t", .path = "/t" };
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	struct err err = { 0 };

	assert_int_equal(policy_read(span_of("policy: 1\nname: t\nidentity:\n  user: 5:6\n"
					     "files:\n  - read /usr/**   # why: w\n  - deny /x\n"
					     "syscalls:\n  - allow execve @io\n"
					     "limits:\n  pids: 7\nrequire: [seccomp]\n"),
				     "t", arena, &policy, &diags),
			 0);
	policy.sources = &source;
	policy.n_sources = 1;
	assert_int_equal(policy_compile(&policy, arena, &bundle, &diags), 0);
	assert_int_equal(bundle_encode(&bundle, bytes, &err), 0);
}

static void comes_back_as_it_went(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct bundle b = { 0 };
	struct err err = { 0 };

	(void)state;
	make(&arena, &bytes);
	assert_int_equal(bundle_decode(bytes.p, bytes.len, &arena, &b, &err), 0);
	assert_string_equal(b.name, "t");
	assert_int_equal(b.identity.uid, 5);
	assert_int_equal(b.limits.pids, 7);
	assert_int_equal(b.n_files, 2);
	assert_string_equal(b.files[0].path, "/usr");
	assert_true(b.files[0].tree);
	assert_string_equal(b.rules[b.files[0].rule].why, "w");
	assert_null(b.rules[0].why);
	assert_string_equal(b.sources[0].path, "/t");
	assert_string_equal(bundle_call_name(&b, 0), "read");
	assert_string_equal(bundle_call_name(&b, 9999), "");
	assert_true(bpf_is_loadable(b.filter, b.n_filter));
}

static void refuses_every_changed_byte_and_every_cut(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct bundle b = { .name = "untouched" };
	struct err err = { 0 };

	(void)state;
	make(&arena, &bytes);
	for (size_t i = 0; i < bytes.len; i += i < 64 ? 1 : 97) {
		cleanup_arena struct arena scratch = { 0 };

		if (i >= offsetof(struct bundle_head, zero) && i < 16)
			continue; /* padding */
		bytes.p[i] = (char)(bytes.p[i] ^ 1);
		assert_int_equal(bundle_decode(bytes.p, bytes.len, &scratch, &b, &err), -EBADMSG);
		bytes.p[i] = (char)(bytes.p[i] ^ 1);
		assert_int_equal(bundle_decode(bytes.p, i, &scratch, &b, &err), -EBADMSG);
	}
	assert_string_equal(b.name, "untouched");
}

static void runs_programs_as_the_kernel_would(void **state)
{
	const struct sock_filter good[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 10, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 2),
	};
	const struct sock_filter far[] = { BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0),
					   BPF_STMT(BPF_RET | BPF_K, 1) };
	const struct sock_filter open_end[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0) };
	const struct sock_filter outside[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64),
					       BPF_STMT(BPF_RET | BPF_K, 1) };
	struct seccomp_data data = { .nr = 9 };

	(void)state;
	assert_int_equal(bpf_eval(good, 4, &data), 1);
	data.nr = 10;
	assert_int_equal(bpf_eval(good, 4, &data), 2);
	assert_true(bpf_is_loadable(good, 4));
	assert_false(bpf_is_loadable(far, 2));
	assert_false(bpf_is_loadable(open_end, 1));
	assert_false(bpf_is_loadable(outside, 2));
	assert_false(bpf_is_loadable(good, 0));
	assert_int_equal(bpf_eval(far, 2, &data), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(bpf_eval(outside, 2, &data), SECCOMP_RET_KILL_PROCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(refuses_every_changed_byte_and_every_cut),
		cmocka_unit_test(runs_programs_as_the_kernel_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
