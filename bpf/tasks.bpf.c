/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Tasks: a mark is inherited by whatever a marked task makes; programs begin; tasks end. */
#include "bpf/copy.bpf.h"

#define SIGKILL 9
#define CLONE_THREAD 0x10000
#define NR_EXIT 60
#define NR_EXIT_GROUP 231

static __always_inline int end_maker(struct tracer_stats *count)
{
	/* Fail closed: we end the maker, and the supervisor, who sees the count, the rest. */
	if (count)
		__sync_fetch_and_add(&count->lost, 1);
	bpf_send_signal(SIGKILL);
	return 0;
}

/* The current task's mark for a task that it makes, which has not run yet. */
static __always_inline int inherit(struct mark *mark, struct task_struct *task, __u64 clone_flags)
{
	struct tracer_stats *count = stats_of(mark->slot);
	struct tracer_slot *slot;
	struct mark *child;
	struct scratch *s;

	child = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!child)
		return end_maker(count);
	child->slot = mark->slot;
	child->generation = mark->generation;
	child->armed = mark->armed;
	child->state = MARK_UNHEEDED;
	slot = slot_of(mark->slot, mark->generation);
	if (!count || !slot)
		return 0;
	__sync_fetch_and_add(&count->alive, 1);
	__sync_fetch_and_add(&count->tasks, 1);
	if (!mark->armed || !(slot->want & TRACER_WANT_TASKS))
		return 0;
	s = begin(PROGRAM_FORK, TRACER_FORK);
	if (!s)
		return 0;
	s->event.args[0] = task->pid;
	s->event.args[1] = task->tgid;
	s->event.args[2] = clone_flags;
	flush_current(slot);
	emit(s, mark->slot, count);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(task_is_made, struct task_struct *task, __u64 clone_flags)
{
	struct mark *mark = mark_of_current();

	return mark ? inherit(mark, task, clone_flags) : 0;
}

/*
 * Once more, before the new task runs: where tracing programs can be preempted the kernel leaves
 * the first run out when the same program was at work on this processor, and Linux 6.1 may not find
 * the mark while another program looks for one. Workers of io_uring do not come by here.
 */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(task_was_made, struct task_struct *maker, struct task_struct *task)
{
	struct mark *mark = mark_of_current();

	if (!mark || bpf_task_storage_get(&marks, task, 0, 0))
		return 0;
	return inherit(mark, task, task->tgid == maker->tgid ? CLONE_THREAD : 0);
}

/* Both looks in vain: a task without a mark whose parent has one does not begin a program. */
static __always_inline int end_stray(struct task_struct *task)
{
	struct mark *mark = bpf_task_storage_get(&marks, task->real_parent, 0, 0);

	return mark && slot_of(mark->slot, mark->generation) ? end_maker(stats_of(mark->slot)) : 0;
}

/* The kernel's copy of the program, and argv in the new memory before any of its code has run. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(program_begins, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct mark *mark = mark_of_current();
	struct tracer_stats *count;
	struct tracer_slot *slot;
	struct scratch *s;
	__u64 start, size;
	long n;

	if (!mark)
		return end_stray(task);
	if (!mark->armed)
		mark->state = MARK_BEGINS;
	else if (mark->state != MARK_CALL)
		mark->state = MARK_UNHEEDED;
	mark->armed = 1;
	slot = slot_of(mark->slot, mark->generation);
	count = stats_of(mark->slot);
	if (!slot || !count || !(slot->want & TRACER_WANT_EXEC))
		return 0;
	s = begin(PROGRAM_EXEC, TRACER_EXEC);
	if (!s)
		return 0;
	s->event.args[0] = (__u32)old_pid;
	copy_file(s, bprm->file);
	n = bpf_probe_read_kernel_str(tail_at(s, s->event.first_len), TRACER_TEXT / 2,
				      bprm->filename);
	if (n < 1)
		n = 0;
	s->event.second_len = n;
	start = task->mm->arg_start;
	size = task->mm->arg_end - start;
	if (size > TRACER_TEXT / 2) {
		size = TRACER_TEXT / 2;
		s->event.flags |= TRACER_ARGV_CUT;
	}
	if (size > 0 && bpf_probe_read_user(tail_at(s, s->event.first_len) + (n & 1023), size,
					    (void *)start) == 0)
		s->event.second_len += size;
	else
		s->event.flags |= TRACER_UNREADABLE;
	flush_current(slot);
	emit(s, mark->slot, count);
	return 0;
}

/* Of two calls that never come back: seen here, where their task ends. */
static __always_inline void count_last_call(const struct mark *mark, const struct tracer_slot *slot,
					    struct tracer_stats *count, __u64 nr)
{
	if (!mark->armed || !(slot->want & (TRACER_WANT_ALL | TRACER_WANT_DENIED)) || is_ia32() ||
	    (nr != NR_EXIT && nr != NR_EXIT_GROUP))
		return;
	__sync_fetch_and_add(&count->calls, 1);
	__sync_fetch_and_add(&count->counts[nr & (TRACER_CALLS - 1)], 1);
}

static __always_inline void tell_end(struct task_struct *task, const struct mark *mark,
				     const struct tracer_slot *slot, struct tracer_stats *count)
{
	bool killed = is_killed() && mark->state != MARK_TOLD;
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct scratch *s;

	if (!killed)
		count_last_call(mark, slot, count, regs->orig_ax);
	if (killed && mark->armed)
		count_denied(count, (__s32)regs->orig_ax, is_ia32());
	flush_current(slot);
	/* Nobody else tells of a call for which the filter kills. */
	if (!mark->armed || (!killed && !(slot->want & TRACER_WANT_TASKS)))
		return;
	s = begin(PROGRAM_EXIT, killed ? TRACER_KILLED : TRACER_EXIT);
	if (!s)
		return;
	s->event.ret = task->exit_code;
	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		s->event.flags |= TRACER_LEADER;
	if (killed) {
		s->event.nr = (__s32)regs->orig_ax;
		s->event.args[0] = regs->di;
		s->event.args[1] = regs->si;
		if (is_ia32())
			s->event.flags |= TRACER_IA32;
	}
	emit(s, mark->slot, count);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(task_ends, struct task_struct *task)
{
	struct mark *mark = mark_of_current();
	struct tracer_stats *count;
	struct tracer_slot *slot;

	if (!mark)
		return 0;
	slot = slot_of(mark->slot, mark->generation);
	count = stats_of(mark->slot);
	if (!slot || !count)
		return 0;
	tell_end(task, mark, slot, count);
	mark->ended = 1;
	/* Last: whoever sees nobody alive has all there is to read. */
	__sync_fetch_and_add(&count->alive, -1);
	return 0;
}

/*
 * Its end, once more: where tracing programs can be preempted the kernel may leave out the first
 * look. Comes from soft interrupts, where none can, when the task has been waited for and nobody
 * reads it any more. Before Linux 6.2 no run is left out, and what stands in a mark may be lost.
 */
SEC("tp_btf/sched_process_free")
int BPF_PROG(task_is_gone, struct task_struct *task)
{
	struct tracer_stats *count;
	struct tracer_slot *slot;
	struct batch *b = NULL;
	struct mark *mark;

	if (LINUX_KERNEL_VERSION < KERNEL_VERSION(6, 2, 0))
		return 0;
	mark = bpf_task_storage_get(&marks, task, 0, 0);
	if (!mark || mark->ended)
		return 0;
	slot = slot_of(mark->slot, mark->generation);
	count = stats_of(mark->slot);
	if (!slot || !count)
		return 0;
	if (slot->want & TRACER_WANT_ALL)
		b = bpf_task_storage_get(&batches, task, 0, 0);
	if (b)
		flush(b);
	mark->ended = 1;
	__sync_fetch_and_add(&count->alive, -1);
	return 0;
}
