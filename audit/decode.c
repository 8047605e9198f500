/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/decode.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#define TCP_CLOSE 7 /* include/net/tcp_states.h */
#define KERNEL_MINOR_BITS 20
#define SIN6_LEN_RFC2133 24 /* include/net/ipv6.h: what connect(2) is content with */

static struct record_text text_of(const struct event *e, struct span bytes)
{
	struct record_text text = { bytes, TRUST_USER };

	if (bytes.n == 0)
		text.trust = e->head.flags & TRACER_UNREADABLE ? TRUST_UNREADABLE : TRUST_KERNEL;
	if (bytes.n == 0)
		text.text = (struct span){ 0 };
	return text;
}

static struct record_text kernel_text(const struct strbuf *s)
{
	return (struct record_text){ { strbuf_str(s), s->len }, TRUST_KERNEL };
}

/* The path of a file, the kernel's own if the file was found. */
static void add_file(const struct event *e, struct decoder *d, struct record *r)
{
	if (!(e->head.flags & TRACER_PATH)) {
		r->path = text_of(e, e->first);
		return;
	}
	event_path(e, &d->path);
	r->path = kernel_text(&d->path);
	r->has |= HAS_FILE;
	r->ino = e->head.ino;
	r->dev = makedev(e->head.dev >> KERNEL_MINOR_BITS,
			 e->head.dev & ((1U << KERNEL_MINOR_BITS) - 1));
}

static struct record_peer peer_of(const struct tracer_socket *t, bool remote)
{
	struct record_peer peer = { 0 };

	if (t->family != AF_INET && t->family != AF_INET6)
		return peer;
	peer.family = t->family;
	peer.port = remote ? t->remote_port : t->local_port;
	memcpy(peer.address, remote ? t->remote : t->local, sizeof(peer.address));
	return peer;
}

static const char *protocol_of(const struct tracer_socket *t)
{
	if (t->family == AF_UNIX)
		return "unix";
	return t->protocol == 6 ? "tcp" : t->protocol == 17 ? "udp" : NULL;
}

/* What user memory held: nothing if that is no address. */
static struct record_peer asked_peer(struct span address)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	struct record_peer peer = { 0 };
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address.n <= sizeof(peer.family))
		return peer;
	memcpy(&peer.family, address.p, sizeof(peer.family));
	if (peer.family == AF_UNIX && address.n > head) {
		peer.path = (struct span){ address.p + head, address.n - head };
		if (peer.path.p[0] != '\0')
			peer.path.n = strnlen(peer.path.p, peer.path.n);
	} else if (peer.family == AF_INET && address.n >= sizeof(in)) {
		memcpy(&in, address.p, sizeof(in));
		peer.port = ntohs(in.sin_port);
		memcpy(peer.address, &in.sin_addr, sizeof(in.sin_addr));
	} else if (peer.family == AF_INET6 && address.n >= SIN6_LEN_RFC2133) {
		memcpy(&in6, address.p, SIN6_LEN_RFC2133);
		peer.port = ntohs(in6.sin6_port);
		memcpy(peer.address, &in6.sin6_addr, sizeof(in6.sin6_addr));
	} else {
		peer.family = AF_UNSPEC;
	}
	return peer;
}

/*
 * The ends of an address family without names in the network, and those that a call asked for in
 * vain, are not the socket's: they are what the program said.
 */
static void add_socket(const struct event *e, struct record *r)
{
	bool failed = e->head.ret < 0 && e->head.ret != -EINPROGRESS;
	struct record_peer asked = { 0 };

	r->protocol = protocol_of(&e->tuple);
	r->local = peer_of(&e->tuple, false);
	r->remote = peer_of(&e->tuple, true);
	if (e->tuple.family == AF_UNIX || failed)
		asked = asked_peer(e->second);
	if (asked.family != AF_UNSPEC && e->head.nr == SYS_connect)
		r->remote = asked;
	else if (asked.family != AF_UNSPEC && e->head.nr == SYS_bind)
		r->local = asked;
}

#define FILE_FLAGS 5 /* no argument: as the kernel has them, if it found the file */

/* What kind of record a call becomes, and which of its arguments is the target or the flags. */
static const struct call_row {
	uint16_t nr;
	uint8_t kind;         /* enum record_kind */
	int8_t target, flags; /* number of the argument, or -1, or FILE_FLAGS */
	uint8_t path_is_second;
} call_rows[] = {
	/* clang-format off */
	{ SYS_open,       RECORD_OPEN,    -1,  1, 0 },
	{ SYS_openat,     RECORD_OPEN,    -1,  2, 0 },
	{ SYS_openat2,    RECORD_OPEN,    -1, FILE_FLAGS, 0 },
	{ SYS_creat,      RECORD_OPEN,    -1, FILE_FLAGS, 0 },
	{ SYS_open_by_handle_at, RECORD_OPEN, -1, 2, 0 },
	{ SYS_connect,    RECORD_CONNECT, -1, -1, 0 },
	{ SYS_bind,       RECORD_BIND,    -1, -1, 0 },
	{ SYS_listen,     RECORD_LISTEN,  -1, -1, 0 },
	{ SYS_accept,     RECORD_ACCEPT,  -1, -1, 0 },
	{ SYS_accept4,    RECORD_ACCEPT,  -1, -1, 0 },
	{ SYS_kill,       RECORD_SIGNAL,   0,  1, 0 },
	{ SYS_tkill,      RECORD_SIGNAL,   0,  1, 0 },
	{ SYS_tgkill,     RECORD_SIGNAL,   1,  2, 0 },
	{ SYS_rt_sigqueueinfo, RECORD_SIGNAL, 0, 1, 0 },
	{ SYS_pidfd_send_signal, RECORD_SIGNAL, -1, 1, 0 },
	{ SYS_ptrace,     RECORD_PTRACE,   1,  0, 0 },
	{ SYS_process_vm_readv, RECORD_PTRACE, 0, -1, 0 },
	{ SYS_process_vm_writev, RECORD_PTRACE, 0, -1, 0 },
	{ SYS_mount,      RECORD_MOUNT,   -1,  3, 1 },
	{ SYS_umount2,    RECORD_MOUNT,   -1,  1, 0 },
	{ SYS_move_mount, RECORD_MOUNT,   -1,  4, 1 },
	{ SYS_pivot_root, RECORD_MOUNT,   -1, -1, 0 },
	{ SYS_open_tree,  RECORD_MOUNT,   -1,  2, 0 },
	{ SYS_fsopen,     RECORD_MOUNT,   -1, -1, 0 },
	{ SYS_mount_setattr, RECORD_MOUNT, -1, -1, 0 },
	{ SYS_setns,      RECORD_NAMESPACE, -1, 1, 0 },
	{ SYS_unshare,    RECORD_NAMESPACE, -1, 0, 0 },
	{ SYS_bpf,        RECORD_KERNEL,  -1, -1, 0 },
	{ SYS_perf_event_open, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_userfaultfd, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_keyctl,     RECORD_KERNEL,  -1, -1, 0 },
	{ SYS_add_key,    RECORD_KERNEL,  -1, -1, 0 },
	{ SYS_request_key, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_init_module, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_finit_module, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_delete_module, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_kexec_load, RECORD_KERNEL,  -1, -1, 0 },
	{ SYS_kexec_file_load, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_io_uring_setup, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_io_uring_enter, RECORD_KERNEL, -1, -1, 0 },
	{ SYS_io_uring_register, RECORD_KERNEL, -1, -1, 0 },
	/* clang-format on */
};

static const struct call_row *find_row(const struct event *e)
{
	if (e->head.flags & TRACER_IA32)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(call_rows); i++) {
		if (call_rows[i].nr == e->head.nr)
			return &call_rows[i];
	}
	return NULL;
}

/* A program that began has an event of its own, with the kernel's copies. */
static bool is_exec(const struct event *e)
{
	return !(e->head.flags & TRACER_IA32) &&
	       (e->head.nr == SYS_execve || e->head.nr == SYS_execveat);
}

static void add_call(const struct event *e, struct record *r)
{
	static_assert(sizeof(r->args) == sizeof(e->head.args), "six arguments");
	r->has |= HAS_CALL | HAS_RET;
	r->nr = e->head.nr;
	r->ia32 = e->head.flags & TRACER_IA32;
	r->ret = e->head.ret;
	memcpy(r->args, e->head.args, sizeof(r->args));
	if (e->head.flags & TRACER_FILE)
		r->args[FILE_FLAGS] = 0;
	if (e->head.ret < 0 && e->head.ret > -4096) {
		r->has |= HAS_ERROR;
		r->error = (int32_t)-e->head.ret;
	}
}

static void add_row(const struct event *e, const struct call_row *row, struct record *r)
{
	r->kind = (enum record_kind)row->kind;
	if (row->target >= 0) {
		r->has |= HAS_TARGET;
		r->target = (uint32_t)e->head.args[row->target];
	}
	if (row->flags >= 0 && (row->flags != FILE_FLAGS || e->head.flags & TRACER_FILE)) {
		r->has |= HAS_FLAGS;
		r->flags = e->head.args[row->flags];
	}
	if (row->path_is_second) {
		struct record_text path = r->path;

		r->path = r->name;
		r->name = path;
	}
}

static void decode_call(const struct event *e, struct decoder *d, struct record *r)
{
	const struct call_row *row = find_row(e);

	r->kind = e->head.type == TRACER_SYSCALL ? RECORD_SYSCALL : RECORD_DENIED;
	add_call(e, r);
	if (e->has_tuple) {
		add_socket(e, r);
	} else {
		add_file(e, d, r);
		r->name = text_of(e, e->second);
	}
	if (row && e->head.type == TRACER_SYSCALL)
		add_row(e, row, r);
	if (e->head.type != TRACER_SYSCALL)
		r->layer = "seccomp";
	r->user_memory = e->head.flags & TRACER_USER;
}

static void decode_exec(const struct event *e, struct decoder *d, struct record *r)
{
	struct span rest = e->second;
	struct span name = event_cut_string(&rest);

	r->kind = RECORD_EXEC;
	add_file(e, d, r);
	r->name = (struct record_text){ name, TRUST_KERNEL };
	r->argv = (struct record_text){ rest, rest.n > 0 ? TRUST_KERNEL : TRUST_UNREADABLE };
}

/* Only the end tells something that no call has told: how much went over it. */
static bool decode_tcp(const struct event *e, struct record *r)
{
	if (e->head.args[1] != TCP_CLOSE)
		return false;
	r->kind = RECORD_FLOW;
	add_socket(e, r);
	r->has |= HAS_BYTES;
	r->bytes_out = e->head.args[2];
	r->bytes_in = e->head.args[3];
	return r->remote.port != 0; /* a socket that was never connected, or a listener */
}

static void decode_datagram(const struct event *e, struct decoder *d, struct record *r)
{
	r->kind = RECORD_FLOW;
	add_socket(e, r);
	if (e->head.type != TRACER_DNS) {
		r->has |= HAS_BYTES;
		r->bytes_out = e->head.args[0];
		return;
	}
	if (event_dns_name(e->second, &d->name) >= 0) {
		r->kind = RECORD_DNS;
		r->name = kernel_text(&d->name);
	}
}

static const char *const guarded_calls[] = {
	[TRACER_GUARD_OPEN] = "open",     [TRACER_GUARD_CONNECT] = "connect",
	[TRACER_GUARD_USERNS] = "userns", [TRACER_GUARD_SIGNAL] = "kill",
	[TRACER_GUARD_PTRACE] = "ptrace", [TRACER_GUARD_CALL] = NULL,
	[TRACER_GUARD_SOCKET] = NULL,     [TRACER_GUARD_CAPABILITY] = "capable",
};

/* Refused within a call, by a program of ours: all of it is the kernel's own. */
static bool decode_guarded(const struct event *e, struct record *r)
{
	uint64_t what = e->head.args[0];

	if (what == 0 || what >= ARRAY_LEN(guarded_calls))
		return false;
	r->kind = RECORD_DENIED;
	r->layer = "bpf";
	r->call = guarded_calls[what];
	if (e->has_tuple)
		add_socket(e, r);
	else if (e->first.n > 0)
		r->path = (struct record_text){ e->first, TRUST_KERNEL };
	r->has |= HAS_FLAGS;
	r->flags = e->head.args[what == TRACER_GUARD_OPEN ? 1 : 2];
	if (what == TRACER_GUARD_SIGNAL || what == TRACER_GUARD_PTRACE) {
		r->has |= HAS_TARGET;
		r->target = (uint32_t)e->head.args[1];
	}
	return true;
}

/* "task" members: what every event says of who it was. */
static void add_task(const struct event *e, struct record *r)
{
	const struct tracer_event *h = &e->head;

	*r = (struct record){
		.source = SOURCE_BPF,
		.has = HAS_SOURCE_SEQ | HAS_AT | HAS_PID | HAS_TID | HAS_UID,
		.source_seq = h->seq,
		.at_ns = h->ns,
		.pid = h->pid,
		.tid = h->tid,
		.ppid = h->ppid,
		.uid = h->uid,
		.comm = { h->comm, strnlen(h->comm, sizeof(h->comm)) },
	};
	if (h->ppid != 0)
		r->has |= HAS_PPID;
	if (r->comm.n == 0)
		r->comm = (struct span){ 0 };
}

bool decode_event(const struct event *e, struct decoder *d, struct record *r)
{
	strbuf_reset(&d->path);
	strbuf_reset(&d->name);
	add_task(e, r);
	switch ((enum tracer_type)e->head.type) {
	case TRACER_SYSCALL:
		decode_call(e, d, r);
		return !(is_exec(e) && e->head.ret == 0);
	case TRACER_DENIED:
	case TRACER_KILLED:
		decode_call(e, d, r);
		return true;
	case TRACER_EXEC:
		decode_exec(e, d, r);
		return true;
	case TRACER_FORK:
		r->kind = RECORD_FORK;
		r->has |= HAS_TARGET | HAS_FLAGS;
		r->target = (uint32_t)e->head.args[0];
		r->flags = e->head.args[2];
		return true;
	case TRACER_EXIT:
		r->kind = RECORD_EXIT;
		r->has |= HAS_RET;
		r->ret = e->head.ret;
		return e->head.flags & TRACER_LEADER;
	case TRACER_TCP:
		return decode_tcp(e, r);
	case TRACER_DATAGRAM:
	case TRACER_DNS:
		decode_datagram(e, d, r);
		return true;
	case TRACER_RING:
		r->kind = RECORD_KERNEL;
		r->has |= HAS_FLAGS;
		r->call = "io_uring";
		r->flags = e->head.args[0];
		return true;
	case TRACER_GUARDED:
		return decode_guarded(e, r);
	case TRACER_BATCH:
		r->kind = RECORD_CALLS;
		return true;
	case TRACER_TYPE_END:
		break;
	}
	return false;
}

void decoder_done(struct decoder *d)
{
	strbuf_done(&d->path);
	strbuf_done(&d->name);
}
