/* SPDX-License-Identifier: Apache-2.0 */
/* What is found in network rules, and where it is not. */
#include "tests/support/unit.h"

#include <linux/audit.h>
#include <string.h>

#include "policies/policy_lint.h"
#include "policies/policy_read.h"

static const char *asked;

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	if (strcmp(name, "p") != 0)
		return builtin_fetch(data, name, from, arena, ret, ret_path, err);
	*ret = span_of(asked);
	*ret_path = NULL;
	return 0;
}

static const struct lint_finding *find(struct arena *arena, const char *rules, const char *network,
				       enum lint_id id)
{
	struct lint lint = { .arena = arena, .network = network };
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	struct err err = { 0 };

	asked = arena_printf(
		arena, "policy: 1\nextends: [builtin/network-client]\nnetwork:\n  - %s\n", rules);
	if (policy_resolve("p", fetch, NULL, arena, &policy, &diags) < 0)
		fail_msg("%s: %s", rules, diags.items[0].text);
	assert_int_equal(policy_lint(&policy, AUDIT_ARCH_X86_64, "2026-11-25", &lint, &err), 0);
	for (size_t i = 0; i < lint.n; i++) {
		if (lint.items[i].id == id)
			return &lint.items[i];
	}
	return NULL;
}

static void finds_what_is_wrong_and_only_that(void **state)
{
	/* clang-format off */
	static const struct {
		enum lint_id id;
		const char *bad, *good, *network;
	} rows[] = {
		{ LINT_CONNECT_ANYWHERE, "connect tcp *:443", "connect tcp *:443   # why: a crawler", NULL },
		{ LINT_CONNECT_ANYWHERE, "connect tcp 0.0.0.0/0:443", "connect tcp 10.0.0.0/8:443", NULL },
		{ LINT_METADATA_GRANTED, "connect tcp 169.254.169.254:80", "deny to 169.254.169.254", NULL },
		{ LINT_DNS_OPEN, "connect udp resolver:53", "connect udp 10.0.0.1:53", NULL },
		{ LINT_PROGRAM_NOT_HELD, "connect tcp 10.0.0.1:80 from /usr/bin/curl", "connect tcp 10.0.0.1:80", NULL },
		{ LINT_NETWORK_WITHOUT_EFFECT, "connect tcp 10.0.0.0/8:80 10.1.0.0/16:80", "connect tcp 10.0.0.0/8:80 11.0.0.0/8:80", NULL },
		{ LINT_NETWORK_NOT_HELD, "connect tcp 10.0.0.1:80", "connect tcp *:80", "host" },
		{ LINT_NETWORK_UNUSED, "connect tcp 10.0.0.1:80", "connect tcp 127.0.0.1:80", "none" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		const struct lint_finding *bad =
			find(&arena, rows[i].bad, rows[i].network, rows[i].id);

		if (!bad)
			fail_msg("not found: %s", rows[i].bad);
		else
			assert_int_equal(bad->where.line, 4);
		if (find(&arena, rows[i].good, rows[i].network, rows[i].id))
			fail_msg("found in %s", rows[i].good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_wrong_and_only_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
