/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/nflog.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COPY_BYTES 128 /* of each packet: the heads, with options */
#define IPV4_HEAD 20
#define IPV6_HEAD 40
#define MAX_EXTENSIONS 8

struct request {
	struct nlmsghdr head;
	struct nfgenmsg group;
	struct nlattr command_head;
	struct nfulnl_msg_config_cmd command;
	uint8_t pad[3];
	struct nlattr mode_head;
	struct nfulnl_msg_config_mode mode;
	uint8_t mode_pad[2];
	struct nlattr threshold_head;
	uint32_t threshold;
};

/* Each refused packet at once: nobody waits for a batch to fill. */
static int join(int fd, uint16_t group, struct err *err)
{
	struct request request = {
		.head = { .nlmsg_len = sizeof(request),
			  .nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.group = { .version = NFNETLINK_V0, .res_id = htons(group) },
		.command_head = { NLA_HDRLEN + sizeof(request.command), NFULA_CFG_CMD },
		.command = { NFULNL_CFG_CMD_BIND },
		.mode_head = { NLA_HDRLEN + sizeof(request.mode), NFULA_CFG_MODE },
		.mode = { .copy_range = htonl(COPY_BYTES), .copy_mode = NFULNL_COPY_PACKET },
		.threshold_head = { NLA_HDRLEN + sizeof(request.threshold), NFULA_CFG_QTHRESH },
		.threshold = htonl(1),
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} answer = { 0 };
	ssize_t n;

	static_assert(offsetof(struct request, mode_head) % NLA_ALIGNTO == 0 &&
			      offsetof(struct request, threshold_head) % NLA_ALIGNTO == 0,
		      "attributes are aligned");
	if (send(fd, &request, sizeof(request), 0) != (ssize_t)sizeof(request))
		return err_sys(err, errno, "cannot ask for refused packets");
	n = recv(fd, &answer, sizeof(answer), MSG_TRUNC);
	if (n < 0)
		return err_sys(err, errno, "cannot hear of refused packets");
	if (n < (ssize_t)sizeof(answer) || answer.head.nlmsg_type != NLMSG_ERROR)
		return err_set(err, EPROTO, "the kernel answers what makes no sense");
	return answer.error.error == 0
		       ? 0
		       : err_sys(err, -answer.error.error, "cannot hear of refused packets");
}

int nflog_open(uint16_t group, struct err *err)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	struct timeval patience = { .tv_sec = 5 };
	cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int flags;
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot make a netlink socket");
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return err_sys(err, errno, "cannot bind a netlink socket");
	r = join(fd, group, err);
	if (r < 0)
		return r;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(err, errno, "cannot set up a netlink socket");
	return steal_fd(fd);
}

static uint16_t big16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void take_ports(const uint8_t *p, size_t n, struct uplink_message *ret)
{
	if (n < 4 || (ret->protocol != IPPROTO_TCP && ret->protocol != IPPROTO_UDP))
		return;
	ret->from_port = big16(p);
	ret->to_port = big16(p + 2);
	ret->has_ports = true;
}

static bool take_ipv4(const uint8_t *p, size_t n, struct uplink_message *ret)
{
	size_t head = n > 0 ? (size_t)(p[0] & 0xf) * 4 : 0;

	if (n < IPV4_HEAD || head < IPV4_HEAD)
		return false;
	ret->protocol = p[9];
	memcpy(ret->from, p + 12, 4);
	memcpy(ret->to, p + 16, 4);
	/* Only the first fragment has ports. */
	if (head <= n && (big16(p + 6) & 0x1fff) == 0)
		take_ports(p + head, n - head, ret);
	return true;
}

static bool take_ipv6(const uint8_t *p, size_t n, struct uplink_message *ret)
{
	size_t at = IPV6_HEAD;
	uint8_t next;

	if (n < IPV6_HEAD)
		return false;
	next = p[6];
	ret->v6 = true;
	memcpy(ret->from, p + 8, 16);
	memcpy(ret->to, p + 24, 16);
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		bool fragment = next == IPPROTO_FRAGMENT;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    !fragment)
			break;
		if (at + 8 > n)
			break;
		if (fragment && (big16(p + at + 2) & 0xfff8) != 0) {
			ret->protocol = p[at];
			return true;
		}
		next = p[at];
		at += fragment ? 8 : ((size_t)p[at + 1] + 1) * 8;
	}
	ret->protocol = next;
	if (at <= n)
		take_ports(p + at, n - at, ret);
	return true;
}

/* Of two packets in one message, which the kernel never writes, the last counts. */
static bool take_packet(const uint8_t *p, size_t n, struct uplink_message *ret)
{
	*ret = (struct uplink_message){ .kind = ret->kind, .in = ret->in };
	if (n == 0)
		return false;
	return p[0] >> 4 == 4   ? take_ipv4(p, n, ret)
	       : p[0] >> 4 == 6 ? take_ipv6(p, n, ret)
				: false;
}

/* The attributes of one message. */
static bool take_attributes(const uint8_t *p, size_t n, struct uplink_message *ret)
{
	bool whole = false;

	while (n >= NLA_HDRLEN) {
		struct nlattr attr;
		size_t length;

		memcpy(&attr, p, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > n)
			break;
		length = attr.nla_len - NLA_HDRLEN;
		if ((attr.nla_type & NLA_TYPE_MASK) == NFULA_PACKET_HDR &&
		    length >= sizeof(struct nfulnl_msg_packet_hdr)) {
			struct nfulnl_msg_packet_hdr packet;

			memcpy(&packet, p + NLA_HDRLEN, sizeof(packet));
			ret->in = packet.hook == NF_INET_LOCAL_IN;
		} else if ((attr.nla_type & NLA_TYPE_MASK) == NFULA_PAYLOAD) {
			whole = take_packet(p + NLA_HDRLEN, length, ret);
		}
		length = NLA_ALIGN(attr.nla_len);
		if (length >= n)
			break;
		p += length;
		n -= length;
	}
	return whole;
}

size_t nflog_parse(const void *bytes, size_t n, struct uplink_message *ret, size_t max)
{
	const uint8_t *p = bytes;
	size_t found = 0;

	while (n >= sizeof(struct nlmsghdr) && found < max) {
		const size_t body = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
		struct uplink_message one = { .kind = UPLINK_REFUSED };
		struct nlmsghdr head;
		size_t length;

		memcpy(&head, p, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > n)
			break;
		if (head.nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) &&
		    head.nlmsg_len >= body &&
		    take_attributes(p + body, head.nlmsg_len - body, &one))
			ret[found++] = one;
		length = NLMSG_ALIGN(head.nlmsg_len);
		if (length >= n)
			break;
		p += length;
		n -= length;
	}
	return found;
}
