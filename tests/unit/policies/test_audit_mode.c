/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "policies/audit_mode.h"
#include "policies/filter_emit.h"
#include "policies/syscall_sets.h"

static void has_a_floor_in_its_mode_alone(void **state)
{
	const struct policy enforced = { 0 };
	const struct policy audited = { .audit_only = true };

	(void)state;
	assert_null(audit_floor_of(&enforced, "mount"));
	assert_false(audit_looks_at(&enforced, "openat"));
	assert_true(audit_floor_of(&audited, "mount")->whole);
	assert_true(audit_floor_of(&audited, "mknodat")->whole);
	assert_non_null(audit_floor_of(&audited, "socket")->unless);
	assert_non_null(audit_floor_of(&audited, "ioctl")->unless);
	assert_false(audit_floor_of(&audited, "getpid")->whole);
	assert_null(audit_floor_of(&audited, "getpid")->unless);
	assert_true(audit_looks_at(&audited, "openat"));
	assert_false(audit_looks_at(&audited, "read"));
}

/* Every call of the groups that no program needs, on every architecture. */
static void keeps_whole_groups(void **state)
{
	static const char *const groups[] = { "@kernel", "@mount", "@namespaces", "@debug" };
	const struct policy audited = { .audit_only = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct name_list group = { 0 };

		assert_true(syscall_group_find(span_of(groups[i]), &group));
		for (size_t k = 0; k < group.n; k++) {
			if (!audit_floor_of(&audited, group.names[k])->whole)
				fail_msg("%s goes on", group.names[k]);
		}
	}
	/* Without these nothing could end. */
	for (size_t i = 0; filter_always[i]; i++)
		assert_false(audit_floor_of(&audited, filter_always[i])->whole);
}

static void knows_what_goes_on(void **state)
{
	(void)state;
	assert_true(verdict_goes_on(VERDICT_ALLOW));
	assert_true(verdict_goes_on(VERDICT_AUDIT));
	assert_true(verdict_goes_on(VERDICT_LOOK));
	assert_false(verdict_goes_on(VERDICT_NOTIFY));
	assert_false(verdict_goes_on(VERDICT_ERRNO));
	assert_false(verdict_goes_on(VERDICT_KILL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_floor_in_its_mode_alone),
		cmocka_unit_test(keeps_whole_groups),
		cmocka_unit_test(knows_what_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
