/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * System calls, counted and told of when they come back. What comes back without having been
 * dispatched was refused, by seccomp or by the supervisor's answer: to know that, their beginning
 * must be looked at too, which costs every task of the machine twice as much. Elsewhere whoever
 * reads tells refusals by the policy.
 */
#include "bpf/calls.bpf.h"

#define BATCH_JIFFIES 25 /* 25 to 250 ms: the oldest call of a batch has waited enough */

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

/* What comes back next will be taken for a refusal. */
static __always_inline int count_missed(const struct mark *mark)
{
	struct tracer_stats *count = stats_of(mark->slot);

	if (count)
		count_lost(count);
	return 0;
}

/* Looked at only for sandboxes that want refusals told apart from other errors by the kernel. */
SEC("tp_btf/sys_enter")
int BPF_PROG(call_enters, struct pt_regs *regs, long nr)
{
	struct mark *mark = mark_of_current();

	if (!mark)
		return 0;
	if (mark->copied)
		return count_missed(mark);
	mark->state = mark->armed ? MARK_CALL : MARK_UNHEEDED;
	mark->nr = (__s32)nr;
	return 0;
}

static __always_inline int tell_call(const struct mark *mark, const struct tracer_slot *slot,
				     struct tracer_stats *count, struct pt_regs *regs, long ret,
				     const struct returned *r)
{
	struct scratch *s = begin(PROGRAM_CALL, r->denied ? TRACER_DENIED : TRACER_SYSCALL);

	if (!s || !fill_call(s, slot, regs, ret, r))
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
	copy_args(call->args, regs);
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

	if ((!is_wanted_by_any(r.nr) && !is_ia32()) || is_added(regs, ret, r.nr))
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
