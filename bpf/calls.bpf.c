/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * System calls, counted and told of when they come back. What comes back without having been
 * dispatched was refused, by seccomp or by the supervisor's answer: to know that, their beginning
 * must be looked at too, which costs every task of the machine twice as much. Elsewhere whoever
 * reads tells refusals by the policy.
 */
#include "bpf/copy.bpf.h"

/* By number; filled in before loading from the table in calls.c. */
const volatile struct tracer_call how[TRACER_CALLS];

/* Source: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl */
#define NR_RT_SIGRETURN 15
#define NR_CLONE 56
#define NR_FORK 57
#define NR_VFORK 58
#define NR_EXECVE 59
#define NR_EXECVEAT 322
#define NR_CLONE3 435
#define NR32_FORK 2
#define NR32_CLONE 120
#define NR32_RT_SIGRETURN 173
#define NR32_VFORK 190

#define BATCH_JIFFIES 25 /* 25 to 250 ms: the oldest call of a batch has waited enough */

#define O_WRITES 01103 /* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC */
#define FMODE_WRITE 2

/*
 * Calls by number that any sandbox wants to see at their return, and at the end all others: what is
 * not wanted by anybody costs no more than this. Kept by the loader.
 */
__u64 wanted[TRACER_CALLS / 64 + 1];

static __always_inline bool is_wanted_by_any(__s32 nr)
{
	if ((__u32)nr >= TRACER_CALLS)
		return wanted[TRACER_CALLS / 64];
	return wanted[call_index(nr) >> 6] >> (nr & 63) & 1;
}

/* Looked at only for sandboxes that want refusals told apart from other errors by the kernel. */
SEC("tp_btf/sys_enter")
int BPF_PROG(call_enters, struct pt_regs *regs, long nr)
{
	struct mark *mark = mark_of_current();

	if (!mark)
		return 0;
	mark->state = mark->armed ? MARK_CALL : MARK_UNHEEDED;
	mark->nr = (__s32)nr;
	return 0;
}

static __always_inline __u64 argument(const struct tracer_event *event, __u8 n)
{
	switch (n) {
	case 0:
		return event->args[0];
	case 1:
		return event->args[1];
	case 2:
		return event->args[2];
	case 3:
		return event->args[3];
	case 4:
		return event->args[4];
	default:
		return event->args[5];
	}
}

static __always_inline void copy_args(struct tracer_event *event, struct pt_regs *regs)
{
	event->args[0] = regs->di;
	event->args[1] = regs->si;
	event->args[2] = regs->dx;
	event->args[3] = regs->r10;
	event->args[4] = regs->r8;
	event->args[5] = regs->r9;
}

static __always_inline void copy_strings(struct scratch *s, const volatile struct tracer_call *call)
{
	s->event.first_len = copy_user_text(s, 0, argument(&s->event, call->first));
	if (call->second < 6)
		s->event.second_len =
			copy_user_text(s, s->event.first_len, argument(&s->event, call->second));
}

/* False: an open that only reads, and such are not wanted. */
static __always_inline bool copy_open(struct scratch *s, const volatile struct tracer_call *call,
				      const struct tracer_slot *slot)
{
	bool wants_reads = slot->want & (TRACER_WANT_READ_OPENS | TRACER_WANT_ALL);
	struct file *file = NULL;

	if (s->event.ret >= 0)
		file = file_of((__u32)s->event.ret);
	if (file) {
		if (!wants_reads && !(BPF_CORE_READ(file, f_mode) & FMODE_WRITE))
			return false;
		copy_file(s, file);
		return true;
	}
	if (call->take & TRACER_TAKE_STRINGS)
		copy_strings(s, call);
	return true;
}

static __always_inline bool copy_more(struct scratch *s, const struct tracer_slot *slot, __u32 nr,
				      bool denied)
{
	const volatile struct tracer_call *call = &how[call_index(nr)];

	if ((call->take & TRACER_TAKE_FD) && !denied)
		return copy_open(s, call, slot);
	if (call->take & TRACER_TAKE_STRINGS)
		copy_strings(s, call);
	if (call->take & TRACER_TAKE_SOCKET)
		copy_socket(s, (__u32)s->event.args[0]);
	if ((call->take & TRACER_TAKE_ACCEPT) && !denied && s->event.ret >= 0)
		copy_socket(s, (__u32)s->event.ret);
	if (call->take & TRACER_TAKE_ADDRESS)
		s->event.second_len =
			copy_user_bytes(s, s->event.first_len, argument(&s->event, call->first),
					argument(&s->event, call->first + 1) & 0xffffffff);
	return true;
}

static __always_inline bool is_wanted(const struct tracer_slot *slot, __s32 nr, bool ia32)
{
	if ((slot->want & TRACER_WANT_ALL) || ia32 || (__u32)nr >= TRACER_CALLS)
		return true;
	return slot->calls[call_index(nr) >> 6] >> (nr & 63) & 1;
}

static __always_inline __u64 open_flags_of(const struct pt_regs *regs, __u8 n)
{
	return n == 1 ? regs->si : regs->dx;
}

/* Most opens only read: known before anything is copied. */
static __always_inline bool is_mere_look(const struct tracer_slot *slot, struct pt_regs *regs,
					 __s32 nr)
{
	const volatile struct tracer_call *call = &how[call_index(nr)];

	return (call->take & TRACER_TAKE_FD) && call->open_flags < 6 &&
	       !(slot->want & (TRACER_WANT_READ_OPENS | TRACER_WANT_ALL)) &&
	       !(open_flags_of(regs, call->open_flags) & O_WRITES);
}

/* A call of the current task that has come back. */
struct returned {
	__s32 nr;
	bool denied, ia32;
};

static __always_inline void count_call(struct tracer_stats *count, const struct returned *r)
{
	__sync_fetch_and_add(&count->calls, 1);
	if ((__u32)r->nr >= TRACER_CALLS)
		__sync_fetch_and_add(&count->other, 1);
	else if (r->ia32)
		__sync_fetch_and_add(&count->ia32_counts[call_index(r->nr)], 1);
	else
		__sync_fetch_and_add(&count->counts[call_index(r->nr)], 1);
}

static __always_inline int tell_call(const struct mark *mark, const struct tracer_slot *slot,
				     struct tracer_stats *count, struct pt_regs *regs, long ret,
				     const struct returned *r)
{
	struct scratch *s = begin(PROGRAM_CALL, r->denied ? TRACER_DENIED : TRACER_SYSCALL);

	if (!s)
		return 0;
	s->event.nr = r->nr;
	s->event.ret = ret;
	copy_args(&s->event, regs);
	if (r->ia32)
		s->event.flags |= TRACER_IA32;
	else if ((__u32)r->nr < TRACER_CALLS && !copy_more(s, slot, r->nr, r->denied))
		return 0;
	flush_current(slot);
	emit(s, mark->slot, count);
	return 0;
}

/* What comes back without having been seen to enter was refused: false if it is none of these. */
static __always_inline bool judge(struct mark *mark, struct tracer_stats *count, long ret,
				  struct returned *r)
{
	__u8 state = mark->state;

	mark->state = MARK_OUTSIDE;
	if (state == MARK_UNHEEDED || state == MARK_BEGINS)
		return false;
	r->denied = state == MARK_OUTSIDE || state == MARK_TOLD;
	if (!r->denied) {
		r->nr = mark->nr;
		return true;
	}
	if (r->nr < 0)
		return false; /* rt_sigreturn, or a number that is none */
	count_denied(count, r->nr, r->ia32);
	/* So it looks when the filter kills the only thread: its end is no second refusal. */
	if (ret == r->nr)
		mark->state = MARK_TOLD;
	return true;
}

/*
 * Not a call of the program's: the first return of a new task, that of the execve(2) which was
 * ours, and what is left of a call for which the filter kills.
 */
static __always_inline bool is_no_call(struct mark *mark, long ret, const struct returned *r)
{
	/* It has been killed: its end tells. */
	if (ret == r->nr && is_killed())
		return true;
	if (ret != 0)
		return false;
	if (mark->state == MARK_BEGINS && (r->nr == NR_EXECVE || r->nr == NR_EXECVEAT)) {
		mark->state = MARK_OUTSIDE;
		return true;
	}
	if (r->ia32)
		return r->nr == NR32_CLONE || r->nr == NR32_FORK || r->nr == NR32_VFORK ||
		       r->nr == NR_CLONE3;
	return r->nr == NR_CLONE || r->nr == NR_FORK || r->nr == NR_VFORK || r->nr == NR_CLONE3;
}

static __always_inline void add_to_batch(struct batch *b, struct pt_regs *regs, long ret, __s32 nr)
{
	__u64 tick = bpf_jiffies64();
	struct tracer_stats *count;
	struct tracer_return *call;
	__u32 n = b->n;

	if (n > 0 && tick != b->tick) {
		if (tick - b->began > BATCH_JIFFIES) {
			flush(b);
			n = 0;
		}
		b->after = bpf_ktime_get_boot_ns() - b->event.ns;
		b->tick = tick;
	}
	if (n == 0) {
		fill_event(&b->event, TRACER_BATCH);
		b->began = b->tick = tick;
		b->after = 0;
		b->run = 0;
		b->run_nr = nr;
	}
	n &= TRACER_BATCH_CALLS - 1;
	call = &b->calls[n];
	call->nr = nr;
	call->zero = 0;
	call->after = b->after;
	call->ret = ret;
	call->args[0] = regs->di;
	call->args[1] = regs->si;
	call->args[2] = regs->dx;
	call->args[3] = regs->r10;
	call->args[4] = regs->r8;
	call->args[5] = regs->r9;
	b->n = n + 1;
	if (nr != b->run_nr) {
		count = stats_of(b->slot);
		if (count)
			count_run(b, count);
		b->run_nr = nr;
	}
	b->run++;
	if (n + 1 == TRACER_BATCH_CALLS)
		flush(b);
}

/* Has this call an event of its own, wherever it is told? Then it is for no batch. */
static __always_inline bool is_alone(__s32 nr)
{
	return (__u32)nr >= TRACER_CALLS || how[call_index(nr)].take;
}

/* True for most calls where all are told: they need no more than a look at the batch. */
static __always_inline bool is_added(struct pt_regs *regs, long ret, __s32 nr)
{
	struct tracer_slot *slot;
	struct batch *b;

	if (is_alone(nr) || is_ia32() || ret == nr)
		return false;
	b = bpf_task_storage_get(&batches, bpf_get_current_task_btf(), 0, 0);
	if (!b)
		return false;
	slot = slot_of(b->slot, b->generation);
	if (!slot || (slot->want & (TRACER_WANT_ALL | TRACER_WANT_DENIED)) != TRACER_WANT_ALL)
		return false;
	add_to_batch(b, regs, ret, nr);
	return true;
}

/* The first of a task's: false if there is no memory for a batch. */
static __always_inline bool is_added_first(const struct mark *mark, struct pt_regs *regs, long ret,
					   __s32 nr)
{
	struct batch *b = bpf_task_storage_get(&batches, bpf_get_current_task_btf(), 0,
					       BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!b)
		return false;
	b->slot = mark->slot;
	b->generation = mark->generation;
	add_to_batch(b, regs, ret, nr);
	return true;
}

/* All calls of the machine return here, while somebody asks for more than security events. */
SEC("tp_btf/sys_exit")
int BPF_PROG(call_returns, struct pt_regs *regs, long ret)
{
	struct returned r = { .nr = (__s32)regs->orig_ax };
	struct tracer_stats *count;
	struct tracer_slot *slot;
	struct mark *mark;

	if (!is_wanted_by_any(r.nr) || is_added(regs, ret, r.nr))
		return 0;
	mark = mark_of_current();
	if (!mark || !mark->armed)
		return 0;
	slot = slot_of(mark->slot, mark->generation);
	count = stats_of(mark->slot);
	if (!slot || !count || !(slot->want & TRACER_WANT_RETURNS))
		return 0;
	r.ia32 = is_ia32();
	if (slot->want & TRACER_WANT_DENIED) {
		if (!judge(mark, count, ret, &r))
			return 0;
	} else {
		if (r.nr == -1)
			r.nr = r.ia32 ? NR32_RT_SIGRETURN : NR_RT_SIGRETURN;
		if (is_no_call(mark, ret, &r))
			return 0;
	}
	if ((slot->want & TRACER_WANT_ALL) && !r.denied && !r.ia32 && !is_alone(r.nr) &&
	    is_added_first(mark, regs, ret, r.nr))
		return 0;
	if (!r.denied)
		count_call(count, &r);
	if (!r.denied &&
	    (!is_wanted(slot, r.nr, r.ia32) || (!r.ia32 && is_mere_look(slot, regs, r.nr))))
		return 0;
	return tell_call(mark, slot, count, regs, ret, &r);
}
