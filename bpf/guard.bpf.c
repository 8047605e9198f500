/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * A second refusal, by hooks of the kernel's BPF LSM: for sandboxes that ask for it, on kernels
 * that let programs refuse. What is refused here is refused by other layers too, as long as these
 * hold.
 */
#include "bpf/copy.bpf.h"

#define EPERM 1
#define EACCES 13
#define AF_UNIX 1
#define FMODE_READ 1
#define S_IFDIR 0040000
#define FMODE_BACKING (1 << 25) /* the file below an overlay, opened by the kernel itself */
#define FMODE_EXEC 0x20         /* in f_flags */
#define SB_NOUSER (1UL << 31)   /* pipes, sockets, memfd: no path leads there */

struct guard_event {
	struct tracer_event event;
	char tail[TRACER_GUARD_PATH + 8];
};

/* The current task's slot, if its program has begun and the slot wants that. */
static __always_inline struct tracer_slot *guarded_by(struct mark *mark, __u32 want)
{
	struct tracer_slot *slot;

	if (!mark || !mark->armed)
		return NULL;
	slot = slot_of(mark->slot, mark->generation);
	return slot && (slot->want & want) ? slot : NULL;
}

static __always_inline struct guard_event *tell(struct mark *mark, enum tracer_guard what)
{
	struct tracer_stats *count = stats_of(mark->slot);
	__u32 number = mark->slot;
	void *ring = bpf_map_lookup_elem(&rings, &number);
	struct guard_event *e;
	__u64 seq;

	if (!count)
		return NULL;
	seq = __sync_fetch_and_add(&count->seq, 1);
	e = ring ? bpf_ringbuf_reserve(ring, sizeof(*e), 0) : NULL;
	if (!e) {
		__sync_fetch_and_add(&count->dropped, 1);
		return NULL;
	}
	fill_event(&e->event, TRACER_GUARDED);
	__builtin_memset(e->tail, 0, sizeof(e->tail));
	e->event.seq = seq;
	e->event.args[0] = what;
	return e;
}

static __always_inline __u32 access_of(struct file *file)
{
	__u32 mode = file->f_mode;
	__u32 access = 0;

	if (file->f_flags & FMODE_EXEC)
		return TRACER_EXECUTE;
	if (mode & FMODE_READ)
		access |= (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFDIR ? TRACER_LIST
										     : TRACER_READ;
	if (mode & FMODE_WRITE)
		access |= TRACER_WRITE;
	return access;
}

SEC("lsm/file_open")
int BPF_PROG(guard_open, struct file *file, int before)
{
	struct mark *mark = mark_of_current();
	struct guard_scratch *s;
	struct guard_event *e;
	__u32 access, number;
	__u32 *may = NULL;
	void *table;
	long n;

	if (before || !guarded_by(mark, TRACER_WANT_PATHS))
		return before;
	access = access_of(file);
	if (!access || (file->f_mode & FMODE_BACKING) ||
	    (BPF_CORE_READ(file, f_inode, i_sb, s_flags) & SB_NOUSER))
		return 0;
	s = bpf_task_storage_get(&guard_scratches, bpf_get_current_task_btf(), 0,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	number = mark->slot;
	table = bpf_map_lookup_elem(&rules, &number);
	if (!s || !table)
		return -EACCES;
	if (bpf_d_path(&file->f_path, s->path, sizeof(s->path)) < 0)
		return -EACCES;
	n = bpf_probe_read_kernel_str(s->rule.path, sizeof(s->rule.path), s->path);
	if (n > 0) {
		s->rule.bits = 8 * n;
		may = bpf_map_lookup_elem(table, &s->rule);
	}
	if (may && (*may & access) == access)
		return 0;
	e = tell(mark, TRACER_GUARD_OPEN);
	if (e) {
		e->event.args[1] = access;
		n = bpf_probe_read_kernel_str(e->tail, TRACER_GUARD_PATH, s->path);
		e->event.first_len = n > 0 ? n - 1 : 0;
		bpf_ringbuf_submit(e, 0);
	}
	return -EACCES;
}

static __always_inline bool is_local_v4(const __u8 *address)
{
	return address[0] == 127 || (address[0] | address[1] | address[2] | address[3]) == 0;
}

/* Our own loopback interface: there is no other in a sandbox without network. */
static __always_inline bool is_local(const struct tracer_socket *to)
{
	const __u64 *half = (const __u64 *)to->remote;

	if (to->family == AF_INET)
		return is_local_v4(to->remote);
	if (half[0] != 0)
		return false;
	if (to->remote[10] == 0xff && to->remote[11] == 0xff)
		return is_local_v4(to->remote + 12);
	return half[1] == 0 || half[1] == (1ULL << 56);
}

SEC("lsm/socket_connect")
int BPF_PROG(guard_connect, struct socket *socket, struct sockaddr *address, int length, int before)
{
	struct mark *mark = mark_of_current();
	struct tracer_socket to = { 0 };
	struct guard_event *e;
	__u16 family = 0, port = 0;

	if (before || !guarded_by(mark, TRACER_WANT_LOCAL))
		return before;
	bpf_probe_read_kernel(&family, sizeof(family), address);
	to.family = family;
	if (family == 0 || family == AF_UNIX)
		return 0;
	bpf_probe_read_kernel(&port, sizeof(port), (void *)address + 2);
	if (family == AF_INET)
		bpf_probe_read_kernel(to.remote, 4, (void *)address + 4);
	else if (family == AF_INET6)
		bpf_probe_read_kernel(to.remote, 16, (void *)address + 8);
	else
		return -EACCES;
	if (is_local(&to))
		return 0;
	to.remote_port = __builtin_bswap16(port);
	to.protocol = BPF_CORE_READ(socket, sk, sk_protocol);
	e = tell(mark, TRACER_GUARD_CONNECT);
	if (e) {
		e->event.flags = TRACER_TUPLE;
		e->event.first_len = sizeof(to);
		__builtin_memcpy(e->tail, &to, sizeof(to));
		bpf_ringbuf_submit(e, 0);
	}
	return -EACCES;
}

SEC("lsm/userns_create")
int BPF_PROG(guard_userns, const struct cred *cred, int before)
{
	struct mark *mark = mark_of_current();
	struct guard_event *e;

	if (before || !guarded_by(mark, TRACER_WANT_GUARD))
		return before;
	e = tell(mark, TRACER_GUARD_USERNS);
	if (e)
		bpf_ringbuf_submit(e, 0);
	return -EPERM;
}

/* Of the same sandbox as the current task? */
static __always_inline bool is_of_us(const struct mark *mark, struct task_struct *other)
{
	const struct mark *its = bpf_task_storage_get(&marks, other, 0, 0);

	return its && its->slot == mark->slot && its->generation == mark->generation;
}

static __always_inline int refuse_task(struct mark *mark, struct task_struct *other,
				       enum tracer_guard what, __u64 detail)
{
	struct guard_event *e;

	if (is_of_us(mark, other))
		return 0;
	e = tell(mark, what);
	if (e) {
		e->event.args[1] = other->tgid;
		e->event.args[2] = detail;
		bpf_ringbuf_submit(e, 0);
	}
	return -EPERM;
}

SEC("lsm/task_kill")
int BPF_PROG(guard_signal, struct task_struct *other, struct kernel_siginfo *info, int signal,
	     const struct cred *cred, int before)
{
	struct mark *mark = mark_of_current();

	if (before || !guarded_by(mark, TRACER_WANT_GUARD))
		return before;
	return refuse_task(mark, other, TRACER_GUARD_SIGNAL, signal);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(guard_ptrace, struct task_struct *other, unsigned int mode, int before)
{
	struct mark *mark = mark_of_current();

	if (before || !guarded_by(mark, TRACER_WANT_GUARD))
		return before;
	return refuse_task(mark, other, TRACER_GUARD_PTRACE, mode);
}
