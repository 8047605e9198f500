// SPDX-License-Identifier: Apache-2.0
#include "tests/support/unit.h"

#include <unistd.h>

#include "runtime/program_label.h"

#define OWN "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
#define DOMAIN "unconfined_u:unconfined_r:immure_any_t:s0:c1,c2"

static void judges_apparmor(void **state)
{
	static const struct {
		const char *label;
		bool complain;
		enum program_label want;
	} rows[] = {
		{ "unconfined", false, PROGRAM_LABEL_PENDING },
		{ "immure-floor//&:immure-7:p (enforce)", false, PROGRAM_LABEL_RIGHT },
		{ "immure-floor//&:immure-7:p//&unconfined (enforce)", false, PROGRAM_LABEL_RIGHT },
		{ "immure-floor//&:immure-7:p (complain)", false, PROGRAM_LABEL_WRONG },
		{ "immure-floor//&:immure-7:p (mixed)", false, PROGRAM_LABEL_WRONG },
		{ "immure-floor//&:immure-7:p (mixed)", true, PROGRAM_LABEL_RIGHT },
		{ "immure-floor//&:immure-7:p (enforce)", true, PROGRAM_LABEL_WRONG },
		{ "immure-floor//&:immure-7:pp (enforce)", false, PROGRAM_LABEL_WRONG },
		{ "immure-floor (enforce)", false, PROGRAM_LABEL_WRONG },
		{ "immure-floor//&:immure-7:p//&other (enforce)", false, PROGRAM_LABEL_WRONG },
		{ "", false, PROGRAM_LABEL_WRONG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct host host = { .lsm_facts = { .label = "unconfined" } };
		const struct plan plan = {
			.host = &host,
			.lsm = { .apparmor = "immure-floor//&:immure-7:p",
				 .complain = rows[i].complain },
		};

		if (program_label_judge(&plan, span_of(rows[i].label)) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].label);
	}
}

static void judges_selinux(void **state)
{
	static const struct {
		const char *label;
		enum program_label want;
	} rows[] = {
		{ OWN, PROGRAM_LABEL_PENDING },
		{ DOMAIN, PROGRAM_LABEL_RIGHT },
		{ DOMAIN "3", PROGRAM_LABEL_WRONG },
		{ "unconfined_u:unconfined_r:immure_any_t:s0", PROGRAM_LABEL_WRONG },
		{ "unconfined_u:unconfined_r:unconfined_t:s0:c1,c2", PROGRAM_LABEL_WRONG },
		{ "", PROGRAM_LABEL_WRONG },
	};
	const struct host host = { .lsm_facts = { .label = OWN } };
	const struct plan plan = { .host = &host, .lsm = { .selinux = DOMAIN } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (program_label_judge(&plan, span_of(rows[i].label)) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].label);
	}
}

static void knows_what_is_planned(void **state)
{
	const struct plan none = { 0 };
	const struct plan selinux = { .lsm = { .selinux = DOMAIN } };
	const struct plan apparmor = { .lsm = { .apparmor = "immure-floor" } };

	(void)state;
	assert_false(program_label_is_planned(&none));
	assert_true(program_label_is_planned(&selinux));
	assert_true(program_label_is_planned(&apparmor));
}

static void nobody_has_no_label(void **state)
{
	const struct host host = { 0 };
	const struct plan plan = { .host = &host, .lsm = { .selinux = DOMAIN } };

	(void)state;
	assert_int_equal(program_label_check(&plan, INT32_MAX), PROGRAM_LABEL_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_apparmor),
		cmocka_unit_test(judges_selinux),
		cmocka_unit_test(knows_what_is_planned),
		cmocka_unit_test(nobody_has_no_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
