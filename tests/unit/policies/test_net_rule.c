/* SPDX-License-Identifier: Apache-2.0 */
/* What rules say of a destination, in a policy, in its compiled form and when it is compared. */
#include "tests/support/unit.h"

#include <linux/audit.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/policy_diff.h"
#include "policies/policy_expect.h"
#include "policies/policy_read.h"

#define HEAD "policy: 1\nname: t\nsyscalls:\n  - allow execve\n"

static const char rules[] = HEAD "network:\n"
				 "  - connect tcp api.example.com:443 10.0.0.0/8:80-90 *:9999\n"
				 "  - connect udp resolver:53\n"
				 "  - connect tcp 169.254.7.7:80\n"
				 "  - listen tcp 127.0.0.1:8080 *:80\n"
				 "  - listen udp [::]:53\n"
				 "  - listen tcp 127.0.0.5:0\n"
				 "  - deny to 10.1.0.0/16 2001:db8::/32\n";

static void read_policy(struct arena *arena, const char *text, struct policy *ret)
{
	struct diags diags = { .arena = arena };

	if (policy_read(span_of(text), "t", arena, ret, &diags) < 0)
		fail_msg("%u: %s", diags.items[0].where.line, diags.items[0].text);
}

/* Every row must hold as written and must fail the other way round. */
static void decides(void **state)
{
	static const char *const rows[] = {
		"allow connect api.example.com:443",
		"allow connect API.example.com:443",
		"deny connect api.example.com:80",
		"deny connect udp api.example.com:443",
		"deny connect other.example.com:443",
		"allow connect other.example.com:9999",
		"allow connect 10.2.3.4:80",
		"allow connect 10.2.3.4:90",
		"deny connect 10.2.3.4:91",
		"deny connect udp 10.2.3.4:80",
		"deny connect 11.2.3.4:80",
		"deny connect 10.1.3.4:80",
		"deny connect 10.1.3.4:9999",
		"allow connect [2002:db8::1]:9999",
		"deny connect [2001:db8::1]:9999",
		"allow connect [::ffff:10.2.3.4]:80",
		"deny connect [::ffff:10.1.3.4]:9999",
		"deny connect 169.254.169.254:80",
		"deny connect 169.254.169.254:9999",
		"deny connect [fe80::1]:9999",
		"deny connect [fd00:ec2::254]:9999",
		"allow connect 169.254.7.7:80",
		"deny connect 169.254.7.7:9999",
		"allow connect udp resolver:53",
		"allow connect udp 169.254.1.53:53",
		"deny connect tcp resolver:53",
		"allow connect 127.0.0.1:8080",
		"deny connect 127.0.0.2:8080",
		"deny connect [::1]:8080",
		"allow connect [::1]:80",
		"allow connect 127.0.0.9:80",
		"deny connect 127.0.0.1:22",
		"allow listen 127.0.0.1:8080",
		"deny listen *:8080",
		"allow listen *:80",
		"allow listen 10.1.2.3:80",
		"deny listen udp *:80",
		"allow listen udp [::]:53",
		"deny listen udp [::1]:53",
		"allow listen 127.0.0.5:0",
		"allow listen 127.0.0.5:40000",
		"allow connect 127.0.0.5:60999",
		"deny connect 127.0.0.5:61000",
		"deny listen 127.0.0.5:32767",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diags diags = { .arena = &arena };
		struct policy policy = { 0 };
		struct err err = { 0 };
		const char *row = rows[i / 2];
		bool allow = strncmp(row, "allow", 5) == 0;
		bool expected = i % 2 ? !allow : allow;
		char *text = arena_printf(&arena, "%stests:\n  - expect %s%s\n", rules,
					  expected ? "allow" : "deny", strchr(row, ' '));

		read_policy(&arena, text, &policy);
		assert_int_equal(
			policy_expect_check(&policy, AUDIT_ARCH_X86_64, &arena, &diags, &err), 0);
		if (diags.n != i % 2)
			fail_msg("%s %s", row,
				 i % 2 ? "holds the other way, too" : diags.items[0].text);
	}
}

static void nothing_is_said_without_rules(void **state)
{
	static const struct address metadata = { .bytes = { 169, 254, 169, 254 } };
	static const struct address resolver = { .bytes = { 169, 254, 1, 53 } };
	static const struct address other = { .bytes = { 10, 1, 2, 3 } };
	const struct net_table free_table = { 0 };
	const struct net_table empty = { .stated = true };
	struct net_query query = { NET_CONNECT, NET_TCP, &other, NULL, 80 };

	(void)state;
	assert_true(net_decide(&free_table, &query).allowed);
	assert_false(net_decide(&empty, &query).allowed);
	query.address = &resolver;
	assert_true(net_decide(&free_table, &query).allowed);
	assert_false(net_decide(&empty, &query).allowed);
	query.address = &metadata;
	assert_false(net_decide(&free_table, &query).allowed);
	assert_true(net_decide(&free_table, &query).floor);
}

static void survives_compilation(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct policy_source source = { .name = "t" };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };
	struct bundle made = { 0 };
	struct bundle again = { 0 };
	struct err err = { 0 };

	(void)state;
	read_policy(&arena, rules, &policy);
	policy.sources = &source;
	policy.n_sources = 1;
	assert_int_equal(policy_compile(&policy, &arena, &made, &diags), 0);
	assert_int_equal(bundle_encode(&made, &bytes, &err), 0);
	assert_int_equal(bundle_decode(bytes.p, bytes.len, &arena, &again, &err), 0);
	assert_true(again.net.stated);
	assert_int_equal(again.net.n, policy.net.n);
	for (size_t i = 0; i < policy.net.n; i++) {
		cleanup_strbuf struct strbuf a = { 0 };
		cleanup_strbuf struct strbuf b = { 0 };

		net_rule_print(&policy.net.rules[i], &a);
		net_rule_print(&again.net.rules[i], &b);
		assert_string_equal(strbuf_str(&a), strbuf_str(&b));
		assert_int_equal(policy.net.rules[i].rule->where.line,
				 again.net.rules[i].rule->where.line);
	}
}

/* Both ways: "a|b" gives the witnesses, wider with '+', narrower with '-'. */
static void differ(const char *a, const char *b, const char *expected)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct policy_diff diff = { .arena = &arena };
	struct policy one = { 0 };
	struct policy two = { 0 };
	struct err err = { 0 };

	read_policy(&arena, arena_printf(&arena, HEAD "%s", a), &one);
	read_policy(&arena, arena_printf(&arena, HEAD "%s", b), &two);
	assert_int_equal(policy_diff(&one, &two, AUDIT_ARCH_X86_64, &diff, &err), 0);
	for (size_t i = 0; i < diff.n; i++)
		strbuf_addf(&out, "%c%s;", diff.items[i].class == DIFF_WIDER ? '+' : '-',
			    diff.items[i].witness);
	assert_string_equal(strbuf_str(&out), expected);
}

static void tells_differences_with_a_witness(void **state)
{
	(void)state;
	differ("network: [connect tcp *:80]\n", "network: [connect tcp *:80]\n", "");
	differ("network: [connect tcp *:80]\n", "network: [connect tcp *:80-81]\n",
	       "+connect tcp 1.0.0.1:81;");
	differ("network: [connect tcp 10.0.0.0/8:80]\n", "network: [connect tcp 10.0.0.0/9:80]\n",
	       "-connect tcp 10.128.0.0:80;");
	differ("network: [connect tcp 10.0.0.0/8:80]\n",
	       "network: [connect tcp 10.0.0.0/9:80, connect tcp 10.128.0.0/9:80]\n", "");
	differ("network: [connect tcp 10.0.0.0/8:80]\n",
	       "network: [connect tcp 10.0.0.0/8:80, deny to 10.1.0.0/16]\n",
	       "-connect tcp 10.1.0.1:80;");
	differ("network: [connect tcp *:80]\n",
	       "network: [connect tcp *:80, connect tcp 169.254.169.254:80]\n",
	       "+connect tcp 169.254.169.254:80;");
	differ("network: [connect tcp a.example:80]\n", "network: [connect tcp b.example:80]\n",
	       "-connect tcp a.example:80;+connect tcp b.example:80;");
	differ("network: none\n", "network: [listen udp 127.0.0.1:53]\n",
	       "+connect udp 127.0.0.1:53;+listen udp 127.0.0.1:53;");
	/* One of each protocol and verb: the rule that is missing is the same for all of them. */
	differ("network: none\n", "",
	       "+connect tcp 1.0.0.1:1;+connect udp 1.0.0.1:1;+listen tcp 0.0.0.0:1;+listen udp 0.0.0.0:1;");
	differ("network: [connect tcp 0.0.0.0/0:80, \"connect tcp [::]/0:80\"]\n",
	       "network: [connect tcp *:80]\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(nothing_is_said_without_rules),
		cmocka_unit_test(survives_compilation),
		cmocka_unit_test(tells_differences_with_a_witness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
