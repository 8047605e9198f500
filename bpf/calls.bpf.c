/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * System calls: counted when they are dispatched, told of when they come back. What comes back
 * without having been dispatched was refused: by seccomp, or by the supervisor's answer.
 */
#include "bpf/copy.bpf.h"

/* By number; filled in before loading from the table in calls.c. */
const volatile struct tracer_call how[TRACER_CALLS];

#define O_WRITES 01103 /* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC */
#define FMODE_WRITE 2

SEC("tp_btf/sys_enter")
int BPF_PROG(call_enters, struct pt_regs *regs, long nr)
{
	struct mark *mark = mark_of_current();
	struct tracer_stats *count;

	if (!mark)
		return 0;
	mark->state = mark->armed ? MARK_CALL : MARK_UNHEEDED;
	mark->nr = (__s32)nr;
	if (!mark->armed)
		return 0;
	count = stats_of(mark->slot);
	if (!count)
		return 0;
	__sync_fetch_and_add(&count->calls, 1);
	if ((__u64)nr >= TRACER_CALLS)
		__sync_fetch_and_add(&count->other, 1);
	else if (is_ia32())
		__sync_fetch_and_add(&count->ia32_counts[call_index(nr)], 1);
	else
		__sync_fetch_and_add(&count->counts[call_index(nr)], 1);
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
	if (!wants_reads && call->open_flags < 6 &&
	    !(argument(&s->event, call->open_flags) & O_WRITES))
		return false;
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

SEC("tp_btf/sys_exit")
int BPF_PROG(call_returns, struct pt_regs *regs, long ret)
{
	struct mark *mark = mark_of_current();
	struct tracer_stats *count;
	struct tracer_slot *slot;
	struct scratch *s;
	bool denied, ia32;
	__u8 state;
	__s32 nr;

	if (!mark)
		return 0;
	state = mark->state;
	mark->state = MARK_OUTSIDE;
	if (state == MARK_UNHEEDED || !mark->armed)
		return 0;
	denied = state == MARK_OUTSIDE || state == MARK_TOLD;
	nr = denied ? (__s32)regs->orig_ax : mark->nr;
	if (denied && nr < 0)
		return 0; /* rt_sigreturn, or a number that is none */
	slot = slot_of(mark->slot, mark->generation);
	count = stats_of(mark->slot);
	if (!slot || !count)
		return 0;
	ia32 = is_ia32();
	if (denied) {
		count_denied(count, nr, ia32);
		/* So it looks when the filter kills the only thread: its end is no second refusal.
		 */
		if (ret == nr)
			mark->state = MARK_TOLD;
	}
	if (denied ? !(slot->want & (TRACER_WANT_DENIED | TRACER_WANT_ALL))
		   : !is_wanted(slot, nr, ia32))
		return 0;
	s = begin(PROGRAM_CALL, denied ? TRACER_DENIED : TRACER_SYSCALL);
	if (!s)
		return 0;
	s->event.nr = nr;
	s->event.ret = ret;
	copy_args(&s->event, regs);
	if (ia32)
		s->event.flags |= TRACER_IA32;
	else if ((__u32)nr < TRACER_CALLS && !copy_more(s, slot, nr, denied))
		return 0;
	emit(s, mark->slot, count);
	return 0;
}
