/* SPDX-License-Identifier: Apache-2.0 */
/* Cubes say what the policy says: tried with the shipped profiles, arguments near every value. */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/cubes.h"
#include "policies/filter_emit.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"
#include "policies/to_oci.h"

static void load(const char *name, struct arena *arena, struct policy *policy,
		 struct bundle *bundle)
{
	struct diags diags = { .arena = arena };

	assert_int_equal(policy_resolve(name, builtin_fetch, NULL, arena, policy, &diags), 0);
	assert_int_equal(policy_compile(policy, arena, bundle, &diags), 0);
}

static bool is_always(const char *name)
{
	for (size_t i = 0; filter_always[i]; i++) {
		if (strcmp(filter_always[i], name) == 0)
			return true;
	}
	return false;
}

/* A small generator of its own: bits that are often set, and edges. */
static uint32_t next(uint32_t *seed)
{
	static const uint32_t edges[] = { 0, 1, 2, 10, 0x5412, 0x541c, 0x10000, 0x20000, ~0U };

	*seed = *seed * 1664525U + 1013904223U;
	if (*seed >> 28 < 6)
		return edges[(*seed >> 8) % ARRAY_LEN(edges)];
	return *seed >> 28 < 11 ? 1U << (*seed >> 8) % 32 : *seed >> 4;
}

static void say_what_the_filter_says(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		cleanup_arena struct arena arena = { 0 };
		struct policy policy = { 0 };
		struct bundle bundle = { 0 };

		load(builtin_names[i], &arena, &policy, &bundle);
		for (int nr = 0; nr < (int)bundle.n_calls; nr++) {
			const char *name = bundle_call_name(&bundle, nr);
			struct cubes cubes = { 0 };

			if (*name == '\0' || is_always(name))
				continue;
			assert_int_equal(cubes_of_call(&policy, name, &arena, &cubes), 0);
			for (int round = 0; round < 200; round++) {
				struct seccomp_data data = { .nr = nr, .arch = bundle.audit_arch };
				uint64_t args[6];

				for (int k = 0; k < 6; k++)
					args[k] = data.args[k] = next(&seed);
				assert_int_equal(cubes_hold(&cubes, args),
						 bpf_eval(bundle.filter, bundle.n_filter, &data) ==
							 SECCOMP_RET_ALLOW);
			}
		}
	}
}

static int fetch_text(void *data, const char *name, const char *from, struct arena *arena,
		      struct span *ret, const char **ret_path, struct err *err)
{
	if (strcmp(name, "t") != 0)
		return builtin_fetch(NULL, name, from, arena, ret, ret_path, err);
	*ret = span_of(data);
	*ret_path = NULL;
	return 0;
}

static void every_kind_of_condition_becomes_cubes(void **state)
{
	static const char *const conds[] = {
		"cmd == 5",
		"cmd != 5",
		"cmd < 21523",
		"not (cmd < 21523)",
		"cmd in {1, 2, 21522}",
		"not (cmd in {TIOCSTI, TIOCLINUX, 3})",
		"cmd has 0x30",
		"not (cmd has 0x30)",
		"cmd only {0x30, 1}",
		"not (cmd only {0x30, 1})",
		"(cmd == 1 or cmd == 2) and not (fd == 3)",
		"not (cmd == 1 and fd < 4) and cmd < 9",
	};
	uint32_t seed = 3;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(conds); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diags diags = { .arena = &arena };
		struct policy policy = { 0 };
		struct bundle bundle = { 0 };
		struct cubes cubes = { 0 };
		char *text = arena_printf(&arena,
					  "policy: 1\nname: t\nsyscalls:\n  - allow execve\n"
					  "  - allow ioctl if %s\n",
					  conds[i]);

		assert_int_equal(policy_resolve("t", fetch_text, text, &arena, &policy, &diags), 0);
		assert_int_equal(policy_compile(&policy, &arena, &bundle, &diags), 0);
		assert_int_equal(cubes_of_call(&policy, "ioctl", &arena, &cubes), 0);
		for (uint32_t round = 0; round < 20000; round++) {
			struct seccomp_data data = { .nr = syscall_number("ioctl",
									  bundle.audit_arch),
						     .arch = bundle.audit_arch };
			uint64_t args[6] = { round % 7, round < 10000 ? round / 7 : next(&seed) };

			data.args[0] = args[0];
			data.args[1] = args[1];
			assert_int_equal(cubes_hold(&cubes, args),
					 bpf_eval(bundle.filter, bundle.n_filter, &data) ==
						 SECCOMP_RET_ALLOW);
		}
	}
}

static void every_profile_can_be_written_for_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtin_names; i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf oci = { 0 };
		cleanup_strbuf struct strbuf systemd = { 0 };
		struct policy policy = { 0 };
		struct bundle bundle = { 0 };
		struct err err = { 0 };

		load(builtin_names[i], &arena, &policy, &bundle);
		assert_int_equal(to_oci(&policy, &bundle, &arena, &oci, &err), 0);
		assert_int_equal(to_systemd(&policy, &bundle, &arena, &systemd, &err), 0);
		assert_non_null(strstr(strbuf_str(&oci), "\"defaultErrnoRet\":38"));
		assert_non_null(strstr(strbuf_str(&systemd), "\nSystemCallFilter=read "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(say_what_the_filter_says),
		cmocka_unit_test(every_kind_of_condition_becomes_cubes),
		cmocka_unit_test(every_profile_can_be_written_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
