/* SPDX-License-Identifier: Apache-2.0 */
/* read(print(p)) == p, and the shape that fmt gives. */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "policies/policy_diff.h"
#include "policies/policy_format.h"
#include "policies/policy_print.h"
#include "policies/policy_read.h"
#include "tests/support/policy_text.h"

static void prints_what_reads_as_the_same(const char *name, const char *text, unsigned flags)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf first = { 0 };
	cleanup_strbuf struct strbuf second = { 0 };
	struct policy_diff diff = { .arena = &arena };
	struct policy policy = { 0 };
	struct policy again = { 0 };
	struct err err = { 0 };

	policy_of_text(name, text, &arena, &policy);
	policy_print(&policy, flags, &first);
	policy_of_text("p", strbuf_str(&first), &arena, &again);
	policy_print(&again, flags, &second);
	if (!(flags & POLICY_PRINT_PLACES))
		assert_string_equal(strbuf_str(&first), strbuf_str(&second));
	assert_int_equal(policy_diff(&policy, &again, AUDIT_ARCH_X86_64, &diff, &err), 0);
	assert_int_equal(diff.n, 0);
	assert_int_equal(policy.n_tests, again.n_tests);
	assert_int_equal(policy.n_waivers, again.n_waivers);
	assert_int_equal(policy.record, again.record);
}

static void every_builtin_goes_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		prints_what_reads_as_the_same(builtin_names[i], "", 0);
		prints_what_reads_as_the_same(builtin_names[i], "", POLICY_PRINT_PLACES);
	}
}

static void every_key_goes_round(void **state)
{
	static const char *const texts[] = {
		"policy: 1\nname: a/b.c\nidentity:\n  user: 7:8\n",
		"policy: 1\nlimits:\n  memory: 1GiB\n  cpus: 1.25\n  wall: 90s\n  fsize: 0\n",
		"policy: 1\nrequire: [files, cgroup]\naudit:\n  record: [denied, exec]\n",
		"policy: 1\naudit:\n  on-loss: fail\n",
		"policy: 1\nsyscalls:\n  - otherwise EACCES\n  - unknown EPERM\n",
		"policy: 1\ntests:\n  - expect  deny syscall   mount # why: 'quote \" # hash'\n",
		"policy: 1\nfiles: [\"read /a /b\", 'write /c']\n",
		"policy: 1\nfiles:\n  - \"read /tab\\t/x\"\n",
		"policy: 1\nwaivers:\n  - x until 2027-01-01 by y why \"two  blanks # and: more\"\n",
		"{\"policy\": \"1\", \"syscalls\": [\"allow read\", \"deny write if fd == 1 as EIO\"]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		prints_what_reads_as_the_same("p", texts[i], 0);
}

static void brings_into_shape(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "policy:   1\n", "policy: 1\n" },
		{ "\n\npolicy: 1\n\n\n\n# end", "policy: 1\n\n# end\n" },
		{ "policy: 1\nfiles:\n- read   /a\n# x\n- read /b   \n",
		  "policy: 1\nfiles:\n  - read /a\n  # x\n  - read /b\n" },
		{ "policy: 1\nlimits:\n      memory:   1GiB # a\n      pids: 5    # b\n",
		  "policy: 1\nlimits:\n  memory: 1GiB  # a\n  pids: 5       # b\n" },
		{ "policy: 1\nrequire: [userns,\n seccomp]\nfiles:\n   - read /x   # why:  y\n",
		  "policy: 1\nrequire: [userns,\n    seccomp]\nfiles:\n  - read /x  # why:  y\n" },
		{ "policy: 1\r\nfiles:\r\n  - read /x # why: y\r\n",
		  "policy: 1\nfiles:\n  - read /x  # why: y\n" },
		{ "policy: 1\naudit:\n   record:\n   - exec\n",
		  "policy: 1\naudit:\n  record:\n    - exec\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf out = { 0 };
		struct diags diags = { .arena = &arena };

		if (policy_format(span_of(rows[i].before), "t", &arena, &out, &diags) < 0)
			fail_msg("%s: %s", rows[i].before, diags.items[0].text);
		assert_string_equal(strbuf_str(&out), rows[i].after);
	}
}

static void refuses_what_it_would_change(void **state)
{
	static const char *const texts[] = {
		"{\"policy\": \"1\"}",
		"policy: 2\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf out = { 0 };
		struct diags diags = { .arena = &arena };

		assert_int_equal(policy_format(span_of(texts[i]), "t", &arena, &out, &diags),
				 -EINVAL);
		assert_true(diags.n > 0);
		assert_int_equal(out.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_builtin_goes_round),
		cmocka_unit_test(every_key_goes_round),
		cmocka_unit_test(brings_into_shape),
		cmocka_unit_test(refuses_what_it_would_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
