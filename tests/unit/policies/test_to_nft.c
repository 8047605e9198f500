/* SPDX-License-Identifier: Apache-2.0 */
/* The table for nftables, byte for byte; tests/cli/network_rules.bats has the real nft read it. */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/policy_read.h"
#include "policies/to_nft.h"

#define REFUSALS "\tcounter refused_out {\n\t}\n\tcounter refused_in {\n\t}\n"
#define CHAINS(log_out, log_in)                                             \
	"\tchain refused_out {\n\t\tcounter name \"refused_out\"\n" log_out \
	"\t\tmeta l4proto tcp reject with tcp reset\n"                      \
	"\t\treject with icmpx type admin-prohibited\n\t}\n"                \
	"\tchain refused_in {\n\t\tcounter name \"refused_in\"\n" log_in    \
	"\t\tmeta l4proto tcp reject with tcp reset\n"                      \
	"\t\treject with icmpx type admin-prohibited\n\t}\n"
#define FLOOR                                                                      \
	"\t\tip daddr 169.254.0.0/16 meta l4proto { tcp, udp } goto refused_out\n" \
	"\t\tip6 daddr fd00:ec2::/32 meta l4proto { tcp, udp } goto refused_out\n" \
	"\t\tip6 daddr fe80::/10 meta l4proto { tcp, udp } goto refused_out\n"

static void writes_the_table(void **state)
{
	static const struct address found[] = {
		{ .bytes = { 192, 0, 2, 1 } },
		{ .bytes = { 192, 0, 2, 2 } },
		{ .v6 = true, .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
	};
	const struct net_pin pin = { "api.example.com", ARRAY_LEN(found), found };
	static const char text[] = "policy: 1\nnetwork:\n"
				   "  - connect tcp api.example.com:443 10.0.0.0/8:80-90\n"
				   "  - connect tcp,udp resolver:53\n"
				   "  - listen tcp *:8080\n"
				   "  - listen udp [::1]:*\n"
				   "  - deny to 10.1.0.0/16\n"
				   "  - connect udp 0.0.0.0/0:*\n";
	static const char expected[] =
		"table inet immure {\n"
		"\tcounter r0 {\n\t}\n\tcounter r1 {\n\t}\n\tcounter r2 {\n\t}\n\tcounter r3 {\n\t}\n"
		"\tcounter r4 {\n\t}\n\tcounter r5 {\n\t}\n\tcounter r6 {\n\t}\n" REFUSALS
		"\t# api.example.com\n"
		"\tset n0_4 {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1, 192.0.2.2 }\n\t}\n"
		"\tset n0_6 {\n\t\ttype ipv6_addr\n\t\telements = { 2001:db8::1 }\n\t}\n" CHAINS(
			"\t\tlimit rate 100/second burst 100 packets log prefix \"refused_out\" group 1\n",
			"\t\tlimit rate 100/second burst 100 packets log prefix \"refused_in\" group 1\n") "\tchain out {\n\t\ttype filter hook output priority filter; policy drop;\n"
													   "\t\tct state established,related accept\n"
													   "\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld-listener-done, mld2-listener-report } accept\n"
													   "\t\tip protocol igmp drop\n"
													   "\t\t# t\\x1b:7  deny to 10.1.0.0/16:*\n"
													   "\t\tip daddr 10.1.0.0/16 meta l4proto { tcp, udp } counter name \"r5\" goto refused_out\n"
													   "\t\t# t\\x1b:4  connect tcp,udp resolver:53\n"
													   "\t\tip daddr 169.254.1.53 meta l4proto { tcp, udp } th dport 53 counter name \"r2\" accept\n" FLOOR
													   "\t\t# t\\x1b:3  connect tcp api.example.com:443\n"
													   "\t\tip daddr @n0_4 tcp dport 443 counter name \"r0\" accept\n"
													   "\t\tip6 daddr @n0_6 tcp dport 443 counter name \"r0\" accept\n"
													   "\t\t# t\\x1b:3  connect tcp 10.0.0.0/8:80-90\n"
													   "\t\tip daddr 10.0.0.0/8 tcp dport 80-90 counter name \"r1\" accept\n"
													   "\t\t# t\\x1b:8  connect udp 0.0.0.0/0:*\n"
													   "\t\tmeta nfproto ipv4 meta l4proto udp counter name \"r6\" accept\n"
													   "\t\toif lo ip daddr 127.0.0.0/8 tcp dport 8080 accept\n"
													   "\t\toif lo ip6 daddr ::1 tcp dport 8080 accept\n"
													   "\t\toif lo ip6 daddr ::1/128 meta l4proto udp accept\n"
													   "\t\tgoto refused_out\n\t}\n"
													   "\tchain in {\n\t\ttype filter hook input priority filter; policy drop;\n"
													   "\t\tct state established,related accept\n"
													   "\t\ticmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept\n"
													   "\t\tip protocol igmp drop\n"
													   "\t\t# t\\x1b:5  listen tcp *:8080\n"
													   "\t\ttcp dport 8080 counter name \"r3\" accept\n"
													   "\t\t# t\\x1b:6  listen udp [::1]:*\n"
													   "\t\tip6 daddr ::1/128 meta l4proto udp counter name \"r4\" accept\n"
													   "\t\tgoto refused_in\n\t}\n"
													   "}\n";
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	cleanup_strbuf struct strbuf out = { 0 };
	struct policy policy = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(policy_read(span_of(text), "t\x1b", &arena, &policy, &diags), 0);
	assert_int_equal(to_nft(&policy.net, &pin, 1, NFT_LOG, &out, &err), 0);
	assert_string_equal(strbuf_str(&out), expected);
}

static void refuses_the_floor_without_rules(void **state)
{
	static const char expected[] = "table inet immure {\n" REFUSALS CHAINS(
		"",
		"") "\tchain out {\n\t\ttype filter hook output priority filter; policy accept;\n"
		    "\t\toif lo accept\n"
		    "\t\tip daddr 169.254.1.53 meta l4proto { tcp, udp } th dport 53 accept\n" FLOOR
		    "\t}\n}\n";
	const struct net_table table = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(to_nft(&table, NULL, 0, 0, &out, &err), 0);
	assert_string_equal(strbuf_str(&out), expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_table),
		cmocka_unit_test(refuses_the_floor_without_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
