/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as the kernel announces them: whole, cut at each byte, and with heads that lie. */
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

#include "runtime/nflog.h"

struct announcement {
	_Alignas(8) uint8_t bytes[512];
	size_t n;
};

static void put(struct announcement *a, const void *bytes, size_t n)
{
	memcpy(a->bytes + a->n, bytes, n);
	a->n += n;
}

static void put_attribute(struct announcement *a, uint16_t type, const void *bytes, size_t n)
{
	const struct nlattr attr = { (uint16_t)(NLA_HDRLEN + n), type };
	static const uint8_t zeros[4];

	put(a, &attr, sizeof(attr));
	put(a, bytes, n);
	put(a, zeros, -n % 4);
}

/* One message with a packet, as a group gets it. */
static void announce(struct announcement *a, uint8_t hook, const uint8_t *packet, size_t n)
{
	const struct nfgenmsg group = { .version = NFNETLINK_V0 };
	const struct nfulnl_msg_packet_hdr head = { .hw_protocol = htons(0x0800), .hook = hook };
	struct nlmsghdr message = { .nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET };
	size_t at = a->n;

	put(a, &message, sizeof(message));
	put(a, &group, sizeof(group));
	put_attribute(a, NFULA_PACKET_HDR, &head, sizeof(head));
	put_attribute(a, NFULA_PREFIX, "refused_out", 12);
	put_attribute(a, NFULA_PAYLOAD, packet, n);
	message.nlmsg_len = (uint32_t)(a->n - at);
	memcpy(a->bytes + at, &message, sizeof(message));
}

/* IPv4 with an option of 4 bytes, TCP from 40000 to 443. */
static const uint8_t tcp4[] = { 0x46, 0, 0,  44, 0, 0, 0x40, 0, 64, 6, 0,    0,    10,   98,
				0,    1, 10, 9,  8, 7, 1,    1, 1,  0, 0x9c, 0x40, 0x01, 0xbb };
/* IPv6 with a hop-by-hop head, UDP from 5 to 53. */
static const uint8_t udp6[] = { 0x60, 0, 0, 0, 0, 16, 0, 64, 0xfd, 0x98, 0,    0,    0,  0,
				0,    0, 0, 0, 0, 0,  0, 0,  0,    1,    0xfd, 0x98, 0,  0,
				0,    0, 0, 0, 0, 0,  0, 0,  0,    0,    0,    2,    17, 0,
				0,    0, 0, 0, 0, 0,  0, 5,  0,    53,   0,    8,    0,  0 };

static void reads_what_was_refused(void **state)
{
	struct announcement a = { 0 };
	struct uplink_message got[4] = { 0 };

	(void)state;
	announce(&a, NF_INET_LOCAL_OUT, tcp4, sizeof(tcp4));
	announce(&a, NF_INET_LOCAL_IN, udp6, sizeof(udp6));
	assert_int_equal(nflog_parse(a.bytes, a.n, got, 4), 2);
	assert_int_equal(got[0].in, 0);
	assert_int_equal(got[0].protocol, IPPROTO_TCP);
	assert_int_equal(got[0].from_port, 40000);
	assert_int_equal(got[0].to_port, 443);
	assert_memory_equal(got[0].to, ((const uint8_t[]){ 10, 9, 8, 7 }), 4);
	assert_int_equal(got[1].in, 1);
	assert_int_equal(got[1].v6, 1);
	assert_int_equal(got[1].protocol, IPPROTO_UDP);
	assert_int_equal(got[1].to_port, 53);
	assert_int_equal(got[1].to[15], 2);
	assert_int_equal(nflog_parse(a.bytes, a.n, got, 1), 1);
}

static void believes_no_length(void **state)
{
	struct announcement whole = { 0 };
	struct uplink_message got[4];

	(void)state;
	announce(&whole, NF_INET_LOCAL_OUT, tcp4, sizeof(tcp4));
	for (size_t n = 0; n < whole.n; n++) {
		/* In memory of its own, so that a sanitizer sees what lies behind it. */
		uint8_t *cut = test_malloc(n + 1);

		memcpy(cut, whole.bytes, n);
		assert_int_equal(nflog_parse(cut, n, got, 4), 0);
		test_free(cut);
	}
	for (size_t i = 0; i < whole.n; i++) {
		struct announcement bent = whole;

		bent.bytes[i] ^= 0xff;
		assert_true(nflog_parse(bent.bytes, bent.n, got, 4) <= 1);
	}
}

static void takes_no_ports_from_later_fragments(void **state)
{
	struct announcement a = { 0 };
	struct uplink_message got[1] = { 0 };
	uint8_t fragment[sizeof(tcp4)];

	(void)state;
	memcpy(fragment, tcp4, sizeof(tcp4));
	fragment[7] = 9;
	announce(&a, NF_INET_LOCAL_OUT, fragment, sizeof(fragment));
	assert_int_equal(nflog_parse(a.bytes, a.n, got, 1), 1);
	assert_int_equal(got[0].has_ports, 0);
}

/* The kernel writes one packet a message; of two, nothing of the first stays. */
static void the_last_packet_of_a_message_counts(void **state)
{
	struct announcement a = { 0 };
	struct uplink_message got[1] = { 0 };
	uint8_t fragment[sizeof(tcp4)];
	struct nlmsghdr head;

	(void)state;
	memcpy(fragment, tcp4, sizeof(tcp4));
	fragment[9] = IPPROTO_ICMP;
	announce(&a, NF_INET_LOCAL_IN, tcp4, sizeof(tcp4));
	put_attribute(&a, NFULA_PAYLOAD, fragment, sizeof(fragment));
	memcpy(&head, a.bytes, sizeof(head));
	head.nlmsg_len = (uint32_t)a.n;
	memcpy(a.bytes, &head, sizeof(head));
	assert_int_equal(nflog_parse(a.bytes, a.n, got, 1), 1);
	assert_int_equal(got[0].protocol, IPPROTO_ICMP);
	assert_int_equal(got[0].has_ports, 0);
	assert_int_equal(got[0].in, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_refused),
		cmocka_unit_test(believes_no_length),
		cmocka_unit_test(takes_no_ports_from_later_fragments),
		cmocka_unit_test(the_last_packet_of_a_message_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
