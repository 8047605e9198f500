/* SPDX-License-Identifier: Apache-2.0 */
/* Network rules as they are written: each fault has its place, and what is read prints the same. */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/policy_print.h"
#include "policies/policy_read.h"

static int read_rule(struct arena *arena, const char *rule, struct policy *ret, struct diags *diags)
{
	char *text = arena_printf(arena, "policy: 1\nname: t\nnetwork:\n  - %s\n", rule);

	return policy_read(span_of(text), "t", arena, ret, diags);
}

static void refuses_with_a_place(void **state)
{
	static const struct {
		const char *rule;
		unsigned col;
		const char *fault;
	} rows[] = {
		{ "connect", 12, "expected tcp, udp or tcp,udp" },
		{ "connect icmp *:1", 13, "\"icmp\"" },
		{ "connect tcp", 5, "names nobody" },
		{ "connect tcp example.com", 17, "a target without a port" },
		{ "connect tcp example.com:0", 29, "no port" },
		{ "connect tcp example.com:65536", 29, "no port" },
		{ "connect tcp example.com:90-80", 29, "no port" },
		{ "connect tcp example.com:80-", 29, "no port" },
		{ "connect tcp 10.1:80", 17, "no host" },
		{ "connect tcp 300.1.2.3:80", 17, "no host" },
		{ "connect tcp ex_ample..com:80", 17, "no host" },
		{ "connect tcp -x.com:80", 17, "no host" },
		{ "connect tcp ex/ample.com:80", 17, "no host" },
		{ "connect tcp *.example.com:80", 17, "a pattern, which cannot be looked up" },
		{ "connect tcp ::1:80", 17, "a target without a port" },
		{ "connect tcp 10.0.0.1/8:80", 5, "expected 10.0.0.0/8" },
		{ "connect tcp 10.0.0.0/33:80", 26, "expected 0 to 32" },
		{ "connect tcp [2001:db8::]/129:80", 30, "expected 0 to 128" },
		{ "connect tcp [2001:db8::1]/64:80", 5, "expected 2001:db8::/64" },
		{ "connect tcp *:80 from", 26, "expected the path of a program" },
		{ "connect tcp *:80 from x", 27, "expected the path of a program" },
		{ "connect tcp *:80 from /x y", 30, "unexpected after the program" },
		{ "listen tcp example.com:80", 16, "expected * or an address" },
		{ "listen tcp resolver:53", 16, "expected * or an address" },
		{ "listen tcp *:0-9", 18, "no port; expected 0 (the kernel's choice)" },
		{ "listen tcp 8080", 16, "a target without a port" },
		{ "deny 10.0.0.0/8", 10, "expected \"to\"" },
		{ "deny to", 5, "names nobody" },
		{ "deny to example.com", 13, "no name service changes" },
		{ "deny to *", 13, "no name service changes" },
		{ "allow tcp *:80", 5, "an unknown verb" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diags diags = { .arena = &arena };
		struct policy policy = { 0 };

		if (read_rule(&arena, rows[i].rule, &policy, &diags) == 0 || diags.n == 0)
			fail_msg("accepted: %s", rows[i].rule);
		if (!strstr(diags.items[0].text, rows[i].fault) || diags.items[0].where.line != 4 ||
		    diags.items[0].where.col != rows[i].col)
			fail_msg("%s: %u:%u: %s", rows[i].rule, diags.items[0].where.line,
				 diags.items[0].where.col, diags.items[0].text);
	}
}

static void prints_each_target(void **state)
{
	static const struct {
		const char *rule, *targets;
	} rows[] = {
		{ "connect tcp Example.COM:443", "connect tcp example.com:443;" },
		{ "connect tcp,udp resolver:53", "connect tcp,udp resolver:53;" },
		{ "connect udp 10.0.0.0/8:1-65535 *:*",
		  "connect udp 10.0.0.0/8:*;connect udp *:*;" },
		{ "connect tcp [::ffff:10.1.2.3]:80", "connect tcp 10.1.2.3:80;" },
		{ "connect tcp [2001:db8::]/32:80-90", "connect tcp [2001:db8::]/32:80-90;" },
		{ "connect tcp [2001:db8::/32]:80", "connect tcp [2001:db8::]/32:80;" },
		{ "listen tcp 127.0.0.1:80 *:8080", "listen tcp 127.0.0.1:80;listen tcp *:8080;" },
		{ "listen tcp 127.0.0.1:0", "listen tcp 127.0.0.1:0;" },
		{ "deny to fe80::/10 10.1.2.3", "deny to [fe80::]/10:*;deny to 10.1.2.3:*;" },
		{ "deny udp to 10.0.0.0/8:53", "deny udp to 10.0.0.0/8:53;" },
		{ "connect tcp a.b:1 from /usr/bin/x", "connect tcp a.b:1 from /usr/bin/x;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf out = { 0 };
		cleanup_strbuf struct strbuf printed = { 0 };
		cleanup_strbuf struct strbuf again = { 0 };
		struct diags diags = { .arena = &arena };
		struct policy policy = { 0 };
		struct policy copy = { 0 };

		if (read_rule(&arena, rows[i].rule, &policy, &diags) != 0)
			fail_msg("%s: %s", rows[i].rule, diags.items[0].text);
		for (size_t k = 0; k < policy.net.n; k++) {
			net_rule_print(&policy.net.rules[k], &out);
			strbuf_putc(&out, ';');
		}
		assert_string_equal(strbuf_str(&out), rows[i].targets);
		policy_print(&policy, 0, &printed);
		assert_int_equal(
			policy_read(span_of(strbuf_str(&printed)), "t", &arena, &copy, &diags), 0);
		assert_int_equal(copy.net.n, policy.net.n);
		policy_print(&copy, 0, &again);
		assert_string_equal(strbuf_str(&again), strbuf_str(&printed));
	}
}

static void knows_none_from_nothing(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	cleanup_strbuf struct strbuf out = { 0 };
	struct policy policy = { 0 };

	(void)state;
	assert_int_equal(policy_read(span_of("policy: 1\n"), "t", &arena, &policy, &diags), 0);
	assert_false(policy.net.stated);
	assert_int_equal(
		policy_read(span_of("policy: 1\nnetwork: none\n"), "t", &arena, &policy, &diags),
		0);
	assert_true(policy.net.stated);
	policy_print(&policy, 0, &out);
	assert_non_null(strstr(strbuf_str(&out), "network: none\n"));
	assert_int_equal(
		policy_read(span_of("policy: 1\nnetwork: some\n"), "t", &arena, &policy, &diags),
		-EINVAL);
	assert_int_equal(policy_read(span_of("policy: 1\nnetwork:\n  connect: x\n"), "t", &arena,
				     &policy, &diags),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_with_a_place),
		cmocka_unit_test(prints_each_target),
		cmocka_unit_test(knows_none_from_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
