/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Calls of the list, told where each of them returns: the same as call_returns tells, and no other
 * call of the machine passes by here. What the filter refuses is never dispatched, so it does not
 * come here at all.
 */
#include "bpf/hooks.h"
#include "bpf/calls.bpf.h"

/* Such a program may be preempted: what it works with belongs to the task. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct scratch);
} hook_scratches SEC(".maps");

static __always_inline int tell_here(const struct mark *mark, const struct tracer_slot *slot,
				     struct tracer_stats *count, struct pt_regs *regs, long ret,
				     const struct returned *r)
{
	struct scratch *s = bpf_task_storage_get(&hook_scratches, bpf_get_current_task_btf(), 0,
						 BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!s) {
		count_lost(count);
		return 0;
	}
	fill_event(&s->event, TRACER_SYSCALL);
	if (fill_call(s, slot, regs, ret, r))
		emit(s, mark->slot, count);
	return 0;
}

static __always_inline int hooked(struct pt_regs *regs, long ret, const struct returned *r)
{
	struct mark *mark = mark_of_current();
	struct tracer_stats *count;
	struct tracer_slot *slot;

	if (!mark || !mark->armed)
		return 0;
	slot = slot_of(mark->slot, mark->generation);
	count = stats_of(mark->slot);
	if (!slot || !count || !(slot->want & TRACER_WANT_HOOKS) || is_no_call(mark, ret, r) ||
	    !is_wanted(slot, r->nr, r->ia32))
		return 0;
	count_call(count, r);
	if (!r->ia32 && is_mere_look(slot, regs, r->nr))
		return 0;
	return tell_here(mark, slot, count, regs, ret, r);
}

/* The number is known for each program, so the verifier leaves out what is for other calls. */
static __noinline int call_hooked(struct pt_regs *regs, long ret, __s32 nr)
{
	const struct returned r = { .nr = nr };

	/* By x32, it is a call of another number. */
	return (__s32)regs->orig_ax == nr ? hooked(regs, ret, &r) : 0;
}

#define HOOK(function, call)                                      \
	SEC("fexit/__x64_sys_" #function)                         \
	int BPF_PROG(hook_##call, struct pt_regs *regs, long ret) \
	{                                                         \
		return call_hooked(regs, ret, __NR_##call);       \
	}
TRACER_HOOKS(HOOK)

/* All calls of the 32-bit table: their numbers mean something else, and they are few. */
SEC("fexit/ia32_sys_call")
int BPF_PROG(hook_ia32, struct pt_regs *regs, unsigned int nr, long ret)
{
	const struct returned r = { .nr = (__s32)nr, .ia32 = true };

	return hooked(regs, ret, &r);
}
