/* SPDX-License-Identifier: Apache-2.0 */
/* What a seccomp profile says and what the imported policy says are the same, call by call. */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/filter_emit.h"
#include "policies/policy_import.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"

static int import(const char *text, size_t n_caps, const char *const *caps, struct arena *arena,
		  struct strbuf *ret, struct diags *diags)
{
	const struct import_options options = { .name = "t", .n_caps = n_caps, .caps = caps };

	return import_oci(span_of(text), "p.json", &options, arena, ret, diags);
}

struct compiled {
	struct arena arena;
	struct filter_code code;
	struct strbuf text;
};

static void compile(struct compiled *c, const char *profile, size_t n_caps, const char *const *caps)
{
	struct diags diags = { .arena = &c->arena };
	struct policy policy = { 0 };
	struct err err = { 0 };

	if (import(profile, n_caps, caps, &c->arena, &c->text, &diags) < 0)
		fail_msg("%s", diags.n ? diags.items[0].text : "memory");
	if (policy_read(span_of(strbuf_str(&c->text)), "t", &c->arena, &policy, &diags) < 0)
		fail_msg("%s: %s", strbuf_str(&c->text), diags.items[0].text);
	assert_int_equal(
		filter_emit(&policy, AUDIT_ARCH_X86_64, FILTER_KERNEL, &c->arena, &c->code, &err),
		0);
}

static void done(struct compiled *c)
{
	strbuf_done(&c->text);
	arena_done(&c->arena);
}

static bool allows(const struct compiled *c, const char *call, uint64_t a0, uint64_t a1,
		   uint64_t a2)
{
	const struct seccomp_data data = { .nr = syscall_number(call, AUDIT_ARCH_X86_64),
					   .arch = AUDIT_ARCH_X86_64,
					   .args = { a0, a1, a2 } };

	return bpf_eval(c->code.code, c->code.n, &data) == SECCOMP_RET_ALLOW;
}

/* Shaped like Docker's own: caps, architectures, arguments, errors, names of nowhere. */
static const char profile[] =
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,\n"
	"\"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\"]}],\n"
	"\"syscalls\": [\n"
	"{\"names\": [\"execve\", \"read\", \"no_such_call\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": null},\n"
	"{\"names\": [\"acct\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1},\n"
	"{\"names\": [\"personality\"], \"action\": \"SCMP_ACT_ALLOW\","
	" \"args\": [{\"index\": 0, \"value\": 8, \"valueTwo\": 0, \"op\": \"SCMP_CMP_EQ\"}]},\n"
	"{\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]},"
	" \"args\": [{\"index\": 0, \"value\": 2114060288, \"op\": \"SCMP_CMP_MASKED_EQ\"}]},\n"
	"{\"names\": [\"clone\", \"mount\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}},\n"
	"{\"names\": [\"arch_prctl\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"arches\": [\"amd64\", \"arm64\"]}},\n"
	"{\"names\": [\"umask\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"arches\": [\"s390x\"]}},\n"
	"{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
	"{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 1, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]},\n"
	"{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
	"{\"index\": 1, \"value\": 9, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 1, \"value\": 15, \"op\": \"SCMP_CMP_EQ\"}]},\n"
	"{\"name\": \"fchmod\", \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
	"{\"index\": 1, \"value\": 3584, \"valueTwo\": 512, \"op\": \"SCMP_CMP_MASKED_EQ\"}]},\n"
	"{\"names\": [\"lseek\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
	"{\"index\": 1, \"value\": 4294967296, \"op\": \"SCMP_CMP_GE\"}]}\n"
	"]}";

static void says_what_the_profile_says(void **state)
{
	static const char *const admin[] = { "CAP_SYS_ADMIN" };
	struct compiled c = { 0 };
	struct compiled with = { 0 };

	(void)state;
	compile(&c, profile, 0, NULL);
	assert_true(allows(&c, "execve", 0, 0, 0) && allows(&c, "read", 0, 0, 0));
	assert_false(allows(&c, "acct", 0, 0, 0) || allows(&c, "mount", 0, 0, 0));
	assert_true(allows(&c, "personality", 8, 0, 0));
	assert_false(allows(&c, "personality", 9, 0, 0));
	assert_true(allows(&c, "clone", 0x11, 0, 0));
	assert_false(allows(&c, "clone", 0x10000011, 0, 0));
	assert_true(allows(&c, "arch_prctl", 0, 0, 0));
	assert_false(allows(&c, "umask", 0, 0, 0));
	assert_true(allows(&c, "socket", 1, 1, 0)); /* different arguments: and */
	assert_false(allows(&c, "socket", 1, 2, 0));
	assert_true(allows(&c, "kill", 1, 9, 0)); /* the same argument: or */
	assert_true(allows(&c, "kill", 1, 15, 0));
	assert_false(allows(&c, "kill", 1, 1, 0));
	assert_true(allows(&c, "fchmod", 0, 01777, 0));
	assert_false(allows(&c, "fchmod", 0, 03777, 0));
	assert_false(allows(&c, "fchmod", 0, 0777, 0));
	assert_false(allows(&c, "lseek", 0, 0x100000000, 0));
	assert_non_null(strstr(strbuf_str(&c.text), "# not known here: no_such_call"));
	assert_non_null(strstr(strbuf_str(&c.text), "# lost: line 14 allows lseek"));
	assert_non_null(strstr(strbuf_str(&c.text), "otherwise ENOSYS"));
	compile(&with, profile, 1, admin);
	assert_true(allows(&with, "mount", 0, 0, 0) && allows(&with, "clone", 0x10000011, 0, 0));
	done(&c);
	done(&with);
}

static void opens_what_a_deny_list_leaves(void **state)
{
	struct compiled c = { 0 };

	(void)state;
	compile(&c,
		"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": ["
		"{\"names\": [\"mount\"], \"action\": \"SCMP_ACT_KILL\"}]}",
		0, NULL);
	assert_true(allows(&c, "bpf", 0, 0, 0));
	assert_false(allows(&c, "mount", 0, 0, 0));
	assert_non_null(strstr(strbuf_str(&c.text), "weakened: what killed is refused"));
	done(&c);
}

static void refuses_what_is_no_profile(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\"}",
		"{\"defaultAction\": \"NO\", \"syscalls\": []}",
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [7]}",
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"action\": \"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [[]], \"action\": \"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": \"x\", \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf out = { 0 };
		struct diags diags = { .arena = &arena };

		if (import(texts[i], 0, NULL, &arena, &out, &diags) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_true(diags.n > 0);
		assert_int_equal(out.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_profile_says),
		cmocka_unit_test(opens_what_a_deny_list_leaves),
		cmocka_unit_test(refuses_what_is_no_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
