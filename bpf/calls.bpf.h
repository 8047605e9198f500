/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef IMMURE_BPF_CALLS_BPF_H
#define IMMURE_BPF_CALLS_BPF_H

/* What is told of a call that has come back, wherever it was seen to. */

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

#define O_WRITES 01103 /* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC */
/* Source: include/linux/fs.h */
#define FMODE_WRITE 2
#define FMODE_CREATED (1 << 20)
#define O_CREAT 0100

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

static __always_inline void copy_args(__u64 args[6], const struct pt_regs *regs)
{
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

static __always_inline void copy_strings(struct scratch *s, const volatile struct tracer_call *call)
{
	s->event.first_len = copy_user_text(s, 0, argument(&s->event, call->first));
	if (call->second < 6)
		s->event.second_len =
			copy_user_text(s, s->event.first_len, argument(&s->event, call->second));
}

/*
 * False: an open that only reads and made nothing, and such are not wanted. Where the flags tell,
 * is_mere_look() has kept it away; elsewhere the file itself does.
 */
static __always_inline bool copy_open(struct scratch *s, const volatile struct tracer_call *call,
				      const struct tracer_slot *slot)
{
	bool wanted =
		call->open_flags < 6 || slot->want & (TRACER_WANT_READ_OPENS | TRACER_WANT_ALL);
	struct file *file = NULL;
	__u32 mode;

	if (s->event.ret >= 0)
		file = file_of((__u32)s->event.ret);
	if (file) {
		mode = BPF_CORE_READ(file, f_mode);
		if (!wanted && !(mode & (FMODE_WRITE | FMODE_CREATED)))
			return false;
		s->event.args[5] =
			BPF_CORE_READ(file, f_flags) | (mode & FMODE_CREATED ? O_CREAT : 0);
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

/*
 * Most opens only read: known before anything is copied. Who has a file made does more, though the
 * descriptor may only read.
 */
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

/* Into an event that has been begun. False: it is not to be told. */
static __always_inline bool fill_call(struct scratch *s, const struct tracer_slot *slot,
				      struct pt_regs *regs, long ret, const struct returned *r)
{
	s->event.nr = r->nr;
	s->event.ret = ret;
	copy_args(s->event.args, regs);
	if (r->ia32)
		s->event.flags |= TRACER_IA32;
	else if ((__u32)r->nr < TRACER_CALLS)
		return copy_more(s, slot, r->nr, r->denied);
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

#endif
