/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef IMMURE_BPF_COMMON_BPF_H
#define IMMURE_BPF_COMMON_BPF_H

/*
 * What the programs share: whose task is it, where does its event go, and what was lost.
 *
 * Events of process context are put together in scratch memory. Each program has a piece of its own
 * on each processor: it never runs twice there at a time (the kernel leaves the second run out and
 * counts it), but since Linux 7 another one may run in between. So may soft interrupts, whose
 * programs reserve room in the ring instead.
 */

#include <linux/bpf.h>
#include <linux/version.h>
#include <stdbool.h>

#include "bpf/kernel_types.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/events.h"

#define SOURCE_WAKEUP (256 << 10) /* bytes waiting, then the reader is woken; a power of two */
#define BPF_EEXIST 17
#define BPF_EBUSY 16
#define MARK_COPIES 1024    /* by number of the task; a power of two */
#define TASK_STORAGES 16    /* of one task that are looked at */
#define SECCOMP_MODE_DEAD 3 /* kernel/seccomp.c */

extern int LINUX_KERNEL_VERSION __kconfig;

/* Where a marked task stands: but for MARK_BEGINS, of use only where sys_enter is looked at. */
enum mark_state {
	MARK_OUTSIDE,  /* in user mode: an exit that finds this was refused before dispatch */
	MARK_CALL,     /* sys_enter was seen */
	MARK_UNHEEDED, /* whatever comes back next was not seen to begin: a new task, an exec */
	MARK_TOLD,     /* outside, and the refusal that may kill it has been told */
	MARK_BEGINS,   /* the execve(2) that started the program, ours, comes back next */
};

struct mark {
	__u32 slot;
	__u32 generation;
	__s32 nr;
	__u8 state;  /* enum mark_state */
	__u8 armed;  /* the program has begun: what came before was our own */
	__u8 copied; /* not the mark itself, which was not to be had: what is written is lost */
	__u8 ended;  /* no longer among those that are alive */
};

/* Whose socket it is: protocol work runs in soft interrupts, where the current task means nothing.
 */
struct socket_mark {
	__u32 slot;
	__u32 generation;
	__u32 pid, tid, uid;
};

struct flow_key {
	__u32 slot, generation;
	__u16 family, port;
	__u32 protocol;
	__u8 remote[16];
};

/* Calls of one task that wait to be written together, in order. */
struct batch {
	struct tracer_event event;
	struct tracer_return calls[TRACER_BATCH_CALLS];
	__u64 began, tick; /* jiffies of the first and the last one */
	__u32 n;
	__u32 after; /* of the last one */
	/* As in the mark: what adds to a batch looks nowhere else. */
	__u32 slot, generation;
	/* The last calls, all of one number, are not counted yet: an atomic addition for each would
	 * cost more than the rest. */
	__u32 run;
	__s32 run_nr;
};

/* Whose scratch memory. */
enum program {
	PROGRAM_CALL,
	PROGRAM_FORK,
	PROGRAM_EXEC,
	PROGRAM_EXIT,
	PROGRAM_RING,
	PROGRAM_COUNT
};

struct scratch {
	struct tracer_event event;
	char tail[3 * TRACER_TEXT];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mark);
} marks SEC(".maps");

/* Nobody has any of it. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, int);
} nothing SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MARK_COPIES);
	__type(key, __u32);
	__type(value, struct mark);
} copies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct batch);
} batches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_mark);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TRACER_SLOTS);
	__type(key, __u32);
	__type(value, struct tracer_slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow_key);
	__type(value, __u64);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROGRAM_COUNT);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, TRACER_SLOTS);
	__type(key, __u32);
	__array(values, struct ring_map);
} rings SEC(".maps");

struct stats_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct tracer_stats));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, TRACER_SLOTS);
	__type(key, __u32);
	__array(values, struct stats_map);
} stats SEC(".maps");

struct rules_map {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TRACER_GUARD_RULES);
	__uint(key_size, sizeof(struct tracer_rule));
	__uint(value_size, sizeof(__u32));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, TRACER_SLOTS);
	__type(key, __u32);
	__array(values, struct rules_map);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TRACER_SLOTS);
	__type(key, __u32);
	__type(value, struct tracer_grants);
} grants SEC(".maps");

/* A program of an LSM hook can be preempted: what it works with belongs to the task. */
struct guard_scratch {
	struct tracer_rule rule;
	char path[4096];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guard_scratch);
} guard_scratches SEC(".maps");

static __always_inline struct tracer_stats *stats_of(__u32 slot)
{
	void *inner = bpf_map_lookup_elem(&stats, &slot);
	__u32 zero = 0;

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

/* Something that cannot be told: counted as the kernel's ring would count it. */
static __always_inline void count_lost(struct tracer_stats *count)
{
	__sync_fetch_and_add(&count->seq, 1);
	__sync_fetch_and_add(&count->dropped, 1);
}

/* The slot's settings, if it still belongs to the same sandbox. */
static __always_inline struct tracer_slot *slot_of(__u32 number, __u32 generation)
{
	struct tracer_slot *slot = bpf_map_lookup_elem(&slots, &number);

	return slot && slot->generation == generation ? slot : NULL;
}

static __always_inline bool is_ia32(void)
{
	return bpf_get_current_task_btf()->thread_info.status & 2; /* TS_COMPAT */
}

/* The filter has decided to end the current task. */
static __always_inline bool is_killed(void)
{
	return bpf_get_current_task_btf()->seccomp.mode == SECCOMP_MODE_DEAD;
}

/* A number below a power of two. The compiler must not think away what the verifier wants. */
#define BELOW(number, power)                                              \
	({                                                                \
		__u64 below_ = (__u32)(number);                           \
		asm volatile("%0 &= %1" : "+r"(below_) : "i"((power)-1)); \
		below_;                                                   \
	})

/* The mark as it is in the kernel's memory, found without its help. */
static __noinline struct mark *copy_of_mark(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct hlist_node *node = BPF_CORE_READ(task, bpf_storage, list.first);

	for (int i = 0; i < TASK_STORAGES && node; i++) {
		struct bpf_local_storage_elem *elem =
			(void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);
		__u32 key = BELOW(bpf_get_current_pid_tgid(), MARK_COPIES);
		struct mark *copy;

		node = BPF_CORE_READ(node, next);
		if (BPF_CORE_READ(elem, sdata.smap) != (void *)&marks)
			continue;
		copy = bpf_map_lookup_elem(&copies, &key);
		if (!copy || bpf_probe_read_kernel(copy, sizeof(*copy), &elem->sdata.data))
			return NULL;
		copy->copied = 1;
		return copy;
	}
	return NULL;
}

/*
 * Before Linux 6.2 the kernel finds nothing while another look-up on this processor is under way,
 * which one that was preempted may be for long. So it says of a deletion, too, of what there is
 * not.
 */
static __always_inline struct mark *mark_of_current(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);

	if (!mark && LINUX_KERNEL_VERSION < KERNEL_VERSION(6, 2, 0) &&
	    bpf_task_storage_delete(&nothing, task) == -BPF_EBUSY)
		mark = copy_of_mark();
	return mark;
}

/* An index of the tables by number. */
static __always_inline __u64 call_index(__s32 nr)
{
	return BELOW(nr, TRACER_CALLS);
}

static __always_inline void count_denied(struct tracer_stats *count, __s32 nr, bool ia32)
{
	__sync_fetch_and_add(&count->denied, 1);
	if (!ia32 && (__u32)nr < TRACER_CALLS)
		__sync_fetch_and_add(&count->denied_counts[call_index(nr)], 1);
}

/*
 * Once for each so many bytes that wait: an interrupt for each record beyond would cost the program
 * dear while its reader has no processor. He looks by himself now and then.
 */
static __always_inline __u64 wakeup(void *ring, __u32 more)
{
	__u64 waiting = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	return (waiting & (SOURCE_WAKEUP - 1)) + more >= SOURCE_WAKEUP ? BPF_RB_FORCE_WAKEUP
								       : BPF_RB_NO_WAKEUP;
}

static __always_inline void fill_event(struct tracer_event *event, __u16 type)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct task_struct *task = bpf_get_current_task_btf();

	__builtin_memset(event, 0, sizeof(*event));
	event->ns = bpf_ktime_get_boot_ns();
	event->pid = id >> 32;
	event->tid = (__u32)id;
	event->ppid = task->real_parent->tgid;
	event->uid = (__u32)bpf_get_current_uid_gid();
	event->type = type;
	event->nr = -1;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

/* An empty event of the current task, in the program's scratch memory on this processor. */
static __always_inline struct scratch *begin(enum program program, __u16 type)
{
	__u32 key = program;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &key);

	if (s)
		fill_event(&s->event, type);
	return s;
}

static __always_inline void count_run(struct batch *b, struct tracer_stats *count)
{
	__sync_fetch_and_add(&count->counts[call_index(b->run_nr)], b->run);
	b->run = 0;
}

/* Write what waits of a task's calls: before anything else of that task is told. */
static __noinline int flush(struct batch *b)
{
	__u32 slot = b->slot;
	struct tracer_stats *count = stats_of(slot);
	void *ring = bpf_map_lookup_elem(&rings, &slot);
	__u64 n = b->n;
	__u32 size;

	b->n = 0;
	if (n == 0 || !count)
		return 0;
	count_run(b, count);
	if (n > TRACER_BATCH_CALLS)
		n = TRACER_BATCH_CALLS;
	size = sizeof(b->event) + n * sizeof(b->calls[0]);
	b->event.args[0] = n;
	b->event.first_len = n * sizeof(b->calls[0]);
	b->event.seq = __sync_fetch_and_add(&count->seq, n);
	__sync_fetch_and_add(&count->calls, n);
	if (!ring || bpf_ringbuf_output(ring, b, size, wakeup(ring, size)))
		__sync_fetch_and_add(&count->dropped, n);
	return 0;
}

static __always_inline void flush_current(const struct tracer_slot *slot)
{
	struct batch *b = NULL;

	if (slot->want & TRACER_WANT_ALL)
		b = bpf_task_storage_get(&batches, bpf_get_current_task_btf(), 0, 0);
	if (b)
		flush(b);
}

static __always_inline void emit(struct scratch *s, __u32 slot, struct tracer_stats *count)
{
	void *ring = bpf_map_lookup_elem(&rings, &slot);
	__u32 tail = (__u32)s->event.first_len + s->event.second_len;

	s->event.seq = __sync_fetch_and_add(&count->seq, 1);
	if (tail > 2 * TRACER_TEXT)
		tail = 2 * TRACER_TEXT;
	if (!ring || bpf_ringbuf_output(ring, s, sizeof(s->event) + tail,
					wakeup(ring, sizeof(s->event) + tail)))
		__sync_fetch_and_add(&count->dropped, 1);
}

#endif
