// SPDX-License-Identifier: Apache-2.0
/* Address families and socket types beyond unix, inet and inet6 (classes 33-36). */
#include "act.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AF_MCTP
#define AF_MCTP 45
#endif

/* A family that the kernel does not have gives the same errno as one that the policy refuses. */
static enum outcome try_socket(const struct act *act)
{
	const unsigned long *a = act->args;
	long r = syscall(act->nr, a[0], a[1], a[2], a[3]);

	if (r < 0 &&
	    (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
		return act_refused("%s", strerrorname_np(errno));
	return act_reached(r);
}

static enum outcome try_pair(const struct act *act)
{
	int fds[2];

	if (socketpair((int)act->args[0], (int)act->args[1], 0, fds) < 0 && errno == EAFNOSUPPORT)
		return act_refused("EAFNOSUPPORT");
	return act_reached(errno == EPERM || errno == EACCES || errno == ENOSYS ? -1 : 0);
}

/* clang-format off */
#define FAMILY(id, class, family, type, protocol, control, text) \
	{ "socket-" id, try_socket, "a socket of " text, "R7", class, control, .nr = SYS_socket, \
	  .args = { (family), (type), (protocol) } }
#define PLAIN CONTROL_PLAIN
#define PLAIN_K (CONTROL_PLAIN | CONTROL_KERNEL)
#define USERNS CONTROL_USERNS
#define USERNS_K (CONTROL_USERNS | CONTROL_KERNEL)

const struct act acts_sockets[] = {
	FAMILY("alg", 34, AF_ALG, SOCK_SEQPACKET, 0, PLAIN_K, "the kernel's ciphers (AF_ALG)"),
	FAMILY("alg-high-bits", 29, AF_ALG | (1UL << 32), SOCK_SEQPACKET, 0, PLAIN_K, "AF_ALG, with high bits set"),
	FAMILY("packet", 36, AF_PACKET, SOCK_RAW, 0, USERNS_K, "raw frames (AF_PACKET)"),
	FAMILY("packet-high-bits", 29, AF_PACKET | (1UL << 32), SOCK_RAW, 0, USERNS_K, "AF_PACKET, with high bits set"),
	FAMILY("vsock", 36, AF_VSOCK, SOCK_STREAM, 0, PLAIN_K, "the hypervisor (AF_VSOCK)"),
	FAMILY("netlink-route", 33, AF_NETLINK, SOCK_RAW, 0, PLAIN, "routes and queueing (NETLINK_ROUTE)"),
	FAMILY("netlink-netfilter", 33, AF_NETLINK, SOCK_RAW, 12, PLAIN_K, "packet filters (NETLINK_NETFILTER)"),
	FAMILY("netlink-audit", 33, AF_NETLINK, SOCK_RAW, 9, PLAIN_K, "the audit system (NETLINK_AUDIT)"),
	FAMILY("netlink-xfrm", 35, AF_NETLINK, SOCK_RAW, 6, PLAIN_K, "IPsec (NETLINK_XFRM)"),
	FAMILY("netlink-uevent", 33, AF_NETLINK, SOCK_RAW, 15, PLAIN_K, "device events (NETLINK_KOBJECT_UEVENT)"),
	FAMILY("netlink-generic", 33, AF_NETLINK, SOCK_RAW, 16, PLAIN_K, "everything else (NETLINK_GENERIC)"),
	FAMILY("key", 35, AF_KEY, SOCK_RAW, 2, USERNS_K, "IPsec keys (AF_KEY)"),
	FAMILY("rxrpc", 35, AF_RXRPC, SOCK_DGRAM, AF_INET, PLAIN_K, "AF_RXRPC"),
	FAMILY("tipc", 36, AF_TIPC, SOCK_STREAM, 0, PLAIN_K, "AF_TIPC"),
	FAMILY("xdp", 36, AF_XDP, SOCK_RAW, 0, USERNS_K, "AF_XDP"),
	FAMILY("can", 36, AF_CAN, SOCK_RAW, 1, PLAIN_K, "AF_CAN"),
	FAMILY("bluetooth", 36, AF_BLUETOOTH, SOCK_RAW, 1, PLAIN_K, "AF_BLUETOOTH"),
	FAMILY("nfc", 36, AF_NFC, SOCK_SEQPACKET, 0, PLAIN_K, "AF_NFC"),
	FAMILY("smc", 36, AF_SMC, SOCK_STREAM, 0, PLAIN_K, "AF_SMC"),
	FAMILY("kcm", 36, AF_KCM, SOCK_DGRAM, 0, PLAIN_K, "AF_KCM"),
	FAMILY("qipcrtr", 36, AF_QIPCRTR, SOCK_DGRAM, 0, PLAIN_K, "AF_QIPCRTR"),
	FAMILY("rds", 36, AF_RDS, SOCK_SEQPACKET, 0, PLAIN_K, "AF_RDS"),
	FAMILY("pppox", 36, AF_PPPOX, SOCK_STREAM, 0, PLAIN_K, "AF_PPPOX"),
	FAMILY("llc", 36, AF_LLC, SOCK_STREAM, 0, PLAIN_K, "AF_LLC"),
	FAMILY("appletalk", 36, AF_APPLETALK, SOCK_DGRAM, 0, PLAIN_K, "AF_APPLETALK"),
	FAMILY("ieee802154", 36, AF_IEEE802154, SOCK_DGRAM, 0, PLAIN_K, "AF_IEEE802154"),
	FAMILY("mctp", 36, AF_MCTP, SOCK_DGRAM, 0, PLAIN_K, "AF_MCTP"),
	FAMILY("raw", 36, AF_INET, SOCK_RAW, IPPROTO_ICMP, USERNS, "raw IP"),
	FAMILY("raw6", 36, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, USERNS_K, "raw IPv6"),
	FAMILY("sctp", 36, AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, PLAIN_K, "SCTP"),
	FAMILY("dccp", 36, AF_INET, SOCK_DCCP, IPPROTO_DCCP, PLAIN_K, "DCCP"),
	FAMILY("mptcp", 36, AF_INET, SOCK_STREAM, IPPROTO_MPTCP, PLAIN_K, "multipath TCP"),
	FAMILY("udplite", 36, AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, PLAIN_K, "UDP-Lite"),
	{ "socketpair-tipc", try_pair, "a pair of AF_TIPC sockets", "R7", 36, PLAIN_K, .args = { AF_TIPC, SOCK_STREAM } },
	{ 0 },
};
/* clang-format on */
