/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "runtime/image_ports.h"
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
		{ "80",                   0, false, "127.0.0.1", 0, 80 },
		{ "53/udp",               0, true,  "127.0.0.1", 0, 53 },
		{ "0.0.0.0::80",          0, false, "0.0.0.0",   0, 80 },
		{ "[::1]::80",            0, false, "::1",       0, 80 },
		{ "::80",           -EINVAL, false, NULL, 0, 0 },
		{ "[::1]:80",       -EINVAL, false, NULL, 0, 0 },
		{ "127.0.0.1:80",   -EINVAL, false, NULL, 0, 0 },
		{ "x::80",          -EINVAL, false, NULL, 0, 0 },
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

static void reads_what_images_expose(void **state)
{
	static const char *const none[] = { "",   "0",      "80/sctp", "90-80", "1-65536",
					    "-1", "80-90-", "80:80",   "a/tcp", "80/" };
	struct exposed_ports ports = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(port_parse_exposed("80/tcp", &ports, &err), 0);
	assert_int_equal(ports.first, 80);
	assert_int_equal(ports.last, 80);
	assert_false(ports.udp);
	assert_int_equal(port_parse_exposed("8000-8003/udp", &ports, &err), 0);
	assert_int_equal(ports.last, 8003);
	assert_true(ports.udp);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_int_equal(port_parse_exposed(none[i], &ports, &err), -EINVAL);
	assert_int_equal(ports.last, 8003);
}

static void publishes_each_exposed_port_once(void **state)
{
	const char *exposed[] = { "80/tcp", "53/udp", "8000-8001", "80" };
	const struct image_texts list = { .n = 4, .items = exposed };
	const char *too_many[] = { "1-65535" };
	const struct plan_port typed = { .address = "127.0.0.1", .outside = 5, .inside = 8000 };
	struct plan_request request = { .n_ports = 1, .ports = &typed };
	cleanup_arena struct arena arena = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(image_ports_publish(&list, &arena, &request, &err), 0);
	assert_int_equal(request.n_ports, 4);
	assert_int_equal(request.ports[0].outside, 5);
	assert_int_equal(request.ports[3].inside, 8001);
	for (size_t i = 1; i < request.n_ports; i++) {
		assert_string_equal(request.ports[i].address, "127.0.0.1");
		assert_int_not_equal(request.ports[i].outside, 0);
	}
	assert_true(request.ports[2].udp);
	assert_int_equal(image_ports_publish(&(struct image_texts){ .n = 1, .items = too_many },
					     &arena, &request, &err),
			 -E2BIG);
	assert_int_equal(request.n_ports, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_line_of_the_table),
		cmocka_unit_test(reads_what_images_expose),
		cmocka_unit_test(publishes_each_exposed_port_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
