/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "policies/policy_access.h"
#include "policies/policy_read.h"

static void says_what_the_rules_grant(void **state)
{
	static const char text[] = "policy: 1\nfiles:\n  - list /srv/**\n  - read /usr/** /opt/a\n"
				   "  - read /etc /var/mine\n  - write /work/**\n"
				   "  - exec /opt/b\n  - deny /work/no /usr/no/**\n";
	static const struct {
		const char *path;
		unsigned access;
	} rows[] = {
		{ "/srv", FILE_LIST },
		{ "/srv/a/b", FILE_LIST },
		{ "/srvx", 0 },
		{ "/usr/bin", FILE_LIST | FILE_READ },
		{ "/opt/a", FILE_READ },
		{ "/opt/a/b", 0 },
		{ "/opt/b", FILE_READ | FILE_EXEC },
		{ "/etc", 0 }, /* a folder on every system: no layer grants it alone */
		{ "/var/mine", FILE_READ },
		{ "/work/a", FILE_LIST | FILE_READ | FILE_WRITE },
		{ "/work/no/a", 0 },
		{ "/usr/no", 0 },
		{ "/", 0 },
	};
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };

	(void)state;
	assert_int_equal(policy_read(span_of(text), "t", &arena, &policy, &diags), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned access = policy_access(&policy, rows[i].path);

		if (access != rows[i].access)
			fail_msg("%s: %x, expected %x", rows[i].path, access, rows[i].access);
	}
	assert_int_equal(policy_access_rule(&policy, "/work/no/a", FILE_READ)->access, FILE_DENY);
	assert_int_equal(policy_access_rule(&policy, "/usr/x", FILE_LIST)->rule.where.line, 4);
	assert_null(policy_access_rule(&policy, "/opt/a", FILE_WRITE));
}

static void names_every_access(void **state)
{
	(void)state;
	assert_string_equal(file_access_name(FILE_LIST), "list");
	assert_string_equal(file_access_name(FILE_READ), "read");
	assert_string_equal(file_access_name(FILE_WRITE), "write");
	assert_string_equal(file_access_name(FILE_EXEC), "exec");
	assert_string_equal(file_access_name(FILE_DENY), "deny");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_rules_grant),
		cmocka_unit_test(names_every_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
