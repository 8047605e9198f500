/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "runtime/port.h"

static void reads_every_line_of_the_table(void **state)
{
	static const struct {
		const char *text;
		int result;
		bool udp;
		const char *address;
		uint16_t outside, inside;
	} cases[] = {
		/* clang-format off */
		{ "8080:80",              0, false, "127.0.0.1", 8080, 80 },
		{ "8080:80/tcp",          0, false, "127.0.0.1", 8080, 80 },
		{ "53:5353/udp",          0, true,  "127.0.0.1", 53, 5353 },
		{ "0.0.0.0:1:65535",      0, false, "0.0.0.0",   1, 65535 },
		{ "[::1]:8080:80",        0, false, "::1",       8080, 80 },
		{ "[::]:8080:80/udp",     0, true,  "::",        8080, 80 },
		{ "80",             -EINVAL, false, NULL, 0, 0 },
		{ "",               -EINVAL, false, NULL, 0, 0 },
		{ ":",              -EINVAL, false, NULL, 0, 0 },
		{ "80:",            -EINVAL, false, NULL, 0, 0 },
		{ ":80",            -EINVAL, false, NULL, 0, 0 },
		{ "0:80",           -EINVAL, false, NULL, 0, 0 },
		{ "80:65536",       -EINVAL, false, NULL, 0, 0 },
		{ "-1:80",          -EINVAL, false, NULL, 0, 0 },
		{ "+1:80",          -EINVAL, false, NULL, 0, 0 },
		{ "80:80/sctp",     -EINVAL, false, NULL, 0, 0 },
		{ "80:80/",         -EINVAL, false, NULL, 0, 0 },
		{ "localhost:80:80", -EINVAL, false, NULL, 0, 0 },
		{ "::1:80:80",      -EINVAL, false, NULL, 0, 0 },
		{ "[127.0.0.1]:80:80", -EINVAL, false, NULL, 0, 0 },
		{ "127.0.0.1/8:80:80", -EINVAL, false, NULL, 0, 0 },
		{ "1.2.3.4:5:80:80", -EINVAL, false, NULL, 0, 0 },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct plan_port port = { .inside = 7 };
		struct err err = { 0 };
		int r = port_parse(cases[i].text, &arena, &port, &err);

		if (r != cases[i].result)
			print_message("%s: %d %s\n", cases[i].text, r, err.msg);
		assert_int_equal(r, cases[i].result);
		if (r < 0) {
			assert_int_equal(port.inside, 7); /* untouched on failure */
			assert_true(err.len > 0);
			continue;
		}
		assert_int_equal(port.udp, cases[i].udp);
		assert_string_equal(port.address, cases[i].address);
		assert_int_equal(port.outside, cases[i].outside);
		assert_int_equal(port.inside, cases[i].inside);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_line_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
