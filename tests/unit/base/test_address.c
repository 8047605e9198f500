/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>

#include "base/address.h"

static void reads_and_prints(void **state)
{
	static const struct {
		const char *text;
		const char *printed; /* NULL: it is refused */
	} rows[] = {
		{ "10.1.2.3", "10.1.2.3" },
		{ "::1", "::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
		{ "::ffff:a01:203", "10.1.2.3" },
		{ "::10.1.2.3", "::10.1.2.3" },
		{ "", NULL },
		{ "10.1.2", NULL },
		{ "10.1.2.3.4", NULL },
		{ "010.1.2.3", NULL },
		{ "0x0a.1.2.3", NULL },
		{ "256.1.2.3", NULL },
		{ " 10.1.2.3", NULL },
		{ "fe80::1%lo", NULL },
		{ "[::1]", NULL },
		{ "::1::2", NULL },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_strbuf struct strbuf out = { 0 };
		struct address address = { 0 };
		int r = address_parse(span_of(rows[i].text), &address);

		if (r != (rows[i].printed ? 0 : -EINVAL))
			fail_msg("%s: %d", rows[i].text, r);
		if (r < 0)
			continue;
		address_print(&address, &out);
		assert_string_equal(strbuf_str(&out), rows[i].printed);
	}
}

static void knows_what_lies_in_a_prefix(void **state)
{
	static const struct {
		const char *address, *prefix;
		unsigned bits;
		bool is_in;
	} rows[] = {
		{ "10.1.2.3", "10.0.0.0", 8, true },
		{ "11.1.2.3", "10.0.0.0", 8, false },
		{ "10.1.2.3", "10.1.2.3", 32, true },
		{ "10.1.2.2", "10.1.2.3", 32, false },
		{ "10.1.2.3", "10.1.2.2", 31, true },
		{ "1.2.3.4", "0.0.0.0", 0, true },
		{ "::1", "0.0.0.0", 0, false },
		{ "fe80::1", "fe80::", 10, true },
		{ "febf::1", "fe80::", 10, true },
		{ "fec0::1", "fe80::", 10, false },
		{ "2001:db8::1", "2001:db8::", 127, true },
		{ "2001:db8::2", "2001:db8::", 127, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address address = { 0 };
		struct address prefix = { 0 };

		assert_int_equal(address_parse(span_of(rows[i].address), &address), 0);
		assert_int_equal(address_parse(span_of(rows[i].prefix), &prefix), 0);
		if (address_is_in(&address, &prefix, rows[i].bits) != rows[i].is_in)
			fail_msg("%s in %s/%u", rows[i].address, rows[i].prefix, rows[i].bits);
	}
}

static void knows_the_loopback(void **state)
{
	static const char *const own[] = { "127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1" };
	static const char *const foreign[] = { "126.0.0.1", "128.0.0.1", "::", "::2",
					       "::127.0.0.1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		struct address address = { 0 };

		assert_int_equal(address_parse(span_of(own[i]), &address), 0);
		assert_true(address_is_loopback(&address));
	}
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		struct address address = { 0 };

		assert_int_equal(address_parse(span_of(foreign[i]), &address), 0);
		assert_false(address_is_loopback(&address));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_prints),
		cmocka_unit_test(knows_what_lies_in_a_prefix),
		cmocka_unit_test(knows_the_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
