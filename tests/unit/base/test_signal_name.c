/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <signal.h>

#include "base/signal_name.h"

static void reads_names_and_numbers(void **state)
{
	static const char *const none[] = { "",         "SIG",    "sigx",  "0",      "-1",
					    "+9",       "09",     "65536", "RTMIN+", "RTMIN+99",
					    "RTMIN+-1", "TERM  ", "9 " };

	(void)state;
	assert_int_equal(signal_parse("TERM"), SIGTERM);
	assert_int_equal(signal_parse("SIGQUIT"), SIGQUIT);
	assert_int_equal(signal_parse("sigwinch"), SIGWINCH);
	assert_int_equal(signal_parse("9"), SIGKILL);
	assert_int_equal(signal_parse("SIGRTMIN+3"), SIGRTMIN + 3);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(signal_parse(none[i]), 0);
}

static void prints_what_it_reads(void **state)
{
	(void)state;
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		char name[SIGNAL_NAME_MAX];

		signal_print(sig, name);
		assert_int_equal(signal_parse(name), sig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names_and_numbers),
		cmocka_unit_test(prints_what_it_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
