/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Connections and datagrams, as the kernel's own structures have them. */
#include "bpf/copy.bpf.h"

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define TCP_LISTEN 10
#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMPV6 58
#define DNS_PORT 53
#define DNS_BYTES 256
#define ETH_IPV4 0x0800
#define ETH_IPV6 0x86dd

struct net_event {
	struct tracer_event event;
	struct tracer_socket socket;
	__u8 bytes[DNS_BYTES];
};

static __always_inline struct net_event *reserve(void *ring, struct tracer_stats *count, __u16 type)
{
	__u64 seq = __sync_fetch_and_add(&count->seq, 1);
	struct net_event *e = ring ? bpf_ringbuf_reserve(ring, sizeof(struct net_event), 0) : NULL;

	if (!e) {
		__sync_fetch_and_add(&count->dropped, 1);
		return NULL;
	}
	fill_event(&e->event, type);
	e->event.seq = seq;
	e->event.flags = TRACER_TUPLE;
	e->event.first_len = sizeof(e->socket);
	__builtin_memset(&e->socket, 0, sizeof(e->socket));
	return e;
}

/* A marked task connects or listens: from now on the socket says whose it is. */
static __always_inline struct socket_mark *claim(struct sock *sk)
{
	struct mark *mark = mark_of_current();
	struct socket_mark *owner;
	__u64 id = bpf_get_current_pid_tgid();

	if (!mark || !mark->armed)
		return NULL;
	owner = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!owner)
		return NULL;
	owner->slot = mark->slot;
	owner->generation = mark->generation;
	owner->pid = id >> 32;
	owner->tid = (__u32)id;
	owner->uid = (__u32)bpf_get_current_uid_gid();
	return owner;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(connection_changes, struct sock *sk, int before, int after)
{
	struct socket_mark *owner;
	struct tracer_stats *count;
	struct tracer_slot *slot;
	struct tcp_sock *tcp;
	struct net_event *e;
	void *ring;
	__u32 number;
	__u16 port;

	if (sk->sk_protocol != PROTO_TCP)
		return 0;
	if (before == TCP_CLOSE && (after == TCP_SYN_SENT || after == TCP_LISTEN))
		owner = claim(sk);
	else
		owner = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!owner || (after != TCP_ESTABLISHED && after != TCP_CLOSE && after != TCP_LISTEN))
		return 0;
	number = owner->slot;
	slot = slot_of(number, owner->generation);
	count = stats_of(number);
	if (!slot || !count || !(slot->want & TRACER_WANT_FLOWS))
		return 0;
	ring = bpf_map_lookup_elem(&rings, &number);
	e = reserve(ring, count, TRACER_TCP);
	if (!e)
		return 0;
	/* Soft interrupts borrow whatever task is there; the socket's owner is known. */
	e->event.pid = owner->pid;
	e->event.tid = owner->tid;
	e->event.uid = owner->uid;
	e->event.ppid = 0;
	__builtin_memset(e->event.comm, 0, sizeof(e->event.comm));
	copy_tuple(&e->socket, sk);
	e->event.args[0] = before;
	e->event.args[1] = after;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (after == TCP_CLOSE && tcp) {
		/* The number has been taken from the socket by now; the port as sent is still
		 * there. */
		port = BPF_CORE_READ((struct inet_sock *)tcp, inet_sport);
		e->socket.local_port = __builtin_bswap16(port);
		e->event.args[2] = tcp->bytes_sent - tcp->bytes_retrans;
		e->event.args[3] = tcp->bytes_received;
		__sync_fetch_and_add(&count->sent, e->event.args[2]);
		__sync_fetch_and_add(&count->received, e->event.args[3]);
	}
	bpf_ringbuf_submit(e, wakeup(ring, sizeof(*e)));
	return 0;
}

struct packet {
	struct tracer_socket socket;
	unsigned char *payload;
};

/* The kernel answers and looks for neighbours in whoever's name; of ICMP only echo is a program's.
 */
static __always_inline bool is_kernels_own(__u16 protocol, const unsigned char *at)
{
	__u8 type = 0;

	if (protocol != PROTO_ICMP && protocol != PROTO_ICMPV6)
		return false;
	bpf_probe_read_kernel(&type, 1, at);
	return type != (protocol == PROTO_ICMP ? 8 : 128);
}

/* Addresses and ports of an IPv4 or IPv6 packet; extension headers are not followed. */
static __always_inline bool read_packet(struct sk_buff *skb, struct packet *p)
{
	unsigned char *at = skb->head + skb->network_header;
	__u16 proto = __builtin_bswap16(skb->protocol);
	__u16 ports[2] = { 0 };
	__u8 head[40];

	__builtin_memset(p, 0, sizeof(*p));
	if (bpf_probe_read_kernel(head, 20, at))
		return false;
	if (proto == ETH_IPV4) {
		p->socket.family = AF_INET;
		p->socket.protocol = head[9];
		__builtin_memcpy(p->socket.local, head + 12, 4);
		__builtin_memcpy(p->socket.remote, head + 16, 4);
		at += (head[0] & 15) * 4;
	} else if (proto == ETH_IPV6) {
		if (bpf_probe_read_kernel(head, 40, at))
			return false;
		p->socket.family = AF_INET6;
		p->socket.protocol = head[6];
		__builtin_memcpy(p->socket.local, head + 8, 16);
		__builtin_memcpy(p->socket.remote, head + 24, 16);
		at += 40;
	} else {
		return false;
	}
	if (p->socket.protocol == PROTO_UDP) {
		if (bpf_probe_read_kernel(ports, sizeof(ports), at))
			return false;
		p->socket.local_port = __builtin_bswap16(ports[0]);
		p->socket.remote_port = __builtin_bswap16(ports[1]);
	}
	p->payload = at + 8;
	return !is_kernels_own(p->socket.protocol, at);
}

/* Is it the first one to that address? Forgets the oldest ones when there are too many. */
static __always_inline bool is_new_flow(const struct mark *mark, const struct packet *p)
{
	struct flow_key key = {
		.slot = mark->slot,
		.generation = mark->generation,
		.family = p->socket.family,
		.port = p->socket.remote_port,
		.protocol = p->socket.protocol,
	};
	__u64 one = 1;
	__u64 *seen;

	__builtin_memcpy(key.remote, p->socket.remote, 16);
	seen = bpf_map_lookup_elem(&flows, &key);
	if (seen) {
		__sync_fetch_and_add(seen, 1);
		return false;
	}
	bpf_map_update_elem(&flows, &key, &one, BPF_ANY);
	return true;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(packet_leaves, struct sk_buff *skb)
{
	struct mark *mark = mark_of_current();
	struct tracer_stats *count;
	struct tracer_slot *slot;
	struct net_event *e;
	struct packet p;
	struct sock *sk;
	void *ring;
	__u32 number;
	bool dns, first;

	if (!mark || !mark->armed)
		return 0;
	/* A soft interrupt within this task may send for others: only sockets of its network. */
	sk = BPF_CORE_READ(skb, sk);
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_net.net) !=
			   BPF_CORE_READ(bpf_get_current_task_btf(), nsproxy, net_ns))
		return 0;
	slot = slot_of(mark->slot, mark->generation);
	if (!slot || !(slot->want & TRACER_WANT_FLOWS) || !read_packet(skb, &p) ||
	    p.socket.protocol == PROTO_TCP)
		return 0;
	dns = p.socket.protocol == PROTO_UDP && p.socket.remote_port == DNS_PORT;
	first = is_new_flow(mark, &p);
	number = mark->slot;
	count = stats_of(number);
	if (!count || (!dns && !first))
		return 0;
	ring = bpf_map_lookup_elem(&rings, &number);
	e = reserve(ring, count, dns ? TRACER_DNS : TRACER_DATAGRAM);
	if (!e)
		return 0;
	e->socket = p.socket;
	e->event.args[0] = skb->len;
	if (dns && bpf_probe_read_kernel(e->bytes, sizeof(e->bytes), p.payload) == 0)
		e->event.second_len = sizeof(e->bytes);
	bpf_ringbuf_submit(e, wakeup(ring, sizeof(*e)));
	return 0;
}

/* Operations of io_uring never come by as calls: say that there were some. */
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(ring_takes, struct io_kiocb *request)
{
	struct mark *mark = mark_of_current();
	struct tracer_stats *count;
	struct scratch *s;

	if (!mark || !mark->armed)
		return 0;
	count = stats_of(mark->slot);
	if (!count)
		return 0;
	__sync_fetch_and_add(&count->rings, 1);
	s = begin(PROGRAM_RING, TRACER_RING);
	if (!s)
		return 0;
	s->event.args[0] = request->opcode;
	emit(s, mark->slot, count);
	return 0;
}
