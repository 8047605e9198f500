/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The filter's answer once more, where the kernel asks about the object: whatever a call reaches
 * that the policy does not grant is refused. The number is the kernel's own copy, so it does not
 * matter how the call got past the filter. Should: refuse only what no ordinary program of the
 * policy can have reached. Mustn't: look into user memory.
 */
#include "bpf/copy.bpf.h"

#define S_ISUID 04000
#define S_ISGID 02000

static __always_inline struct tracer_grants *grants_of(const struct mark *mark)
{
	__u32 slot = mark->slot;

	return bpf_map_lookup_elem(&grants, &slot);
}

/* Of the current task; negative outside of calls, as for a page fault. */
static __always_inline __s32 number_of_call(void)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return (__s32)regs->orig_ax;
}

static __always_inline bool is_granted(const struct tracer_grants *grants)
{
	__s32 nr = number_of_call();
	__u64 index = call_index(nr);

	if (nr < 0)
		return true;
	if (is_ia32() || nr >= TRACER_CALLS)
		return false;
	return grants->calls[index >> 6] >> (index & 63) & 1;
}

static __always_inline int refuse_reached(struct mark *mark, enum tracer_guard what, __u64 detail)
{
	struct guard_event *e = tell(mark, what);

	if (e) {
		e->event.nr = number_of_call();
		e->event.args[2] = detail;
		if (is_ia32())
			e->event.flags |= TRACER_IA32;
		bpf_ringbuf_submit(e, 0);
	}
	/* Or it becomes arithmetic, of which the verifier cannot tell the range. */
	asm volatile("" ::: "memory");
	return -EPERM;
}

static __always_inline int judge_call(void)
{
	struct mark *mark = mark_of_current();
	struct tracer_grants *granted;

	if (!guarded_by(mark, TRACER_WANT_CALLS))
		return 0;
	granted = grants_of(mark);
	if (granted && is_granted(granted))
		return 0;
	return refuse_reached(mark, TRACER_GUARD_CALL, 0);
}

/* No program of ours runs after one that refused, so what came before is always 0. */
#define GUARD_CALL(hook)                 \
	SEC("lsm/" #hook)                \
	int guard_call_##hook(void *ctx) \
	{                                \
		return judge_call();     \
	}

GUARD_CALL(bpf)
GUARD_CALL(inode_init_security_anon)
GUARD_CALL(inode_removexattr)
GUARD_CALL(inode_setxattr)
GUARD_CALL(kernel_load_data)
GUARD_CALL(kernel_read_file)
GUARD_CALL(key_alloc)
GUARD_CALL(key_permission)
GUARD_CALL(move_mount)
GUARD_CALL(msg_queue_alloc_security)
GUARD_CALL(path_chroot)
GUARD_CALL(perf_event_open)
GUARD_CALL(ptrace_access_check)
GUARD_CALL(ptrace_traceme)
GUARD_CALL(quotactl)
GUARD_CALL(sb_mount)
GUARD_CALL(sb_pivotroot)
GUARD_CALL(sb_statfs)
GUARD_CALL(sb_umount)
GUARD_CALL(sem_alloc_security)
GUARD_CALL(settime)
GUARD_CALL(shm_alloc_security)
GUARD_CALL(syslog)
GUARD_CALL(task_movememory)
GUARD_CALL(task_prlimit)
GUARD_CALL(task_setioprio)
GUARD_CALL(task_setnice)
GUARD_CALL(task_setscheduler)
GUARD_CALL(uring_cmd)
GUARD_CALL(uring_override_creds)
GUARD_CALL(uring_sqpoll)

static __always_inline bool is_request_granted(const struct tracer_grants *granted, __u32 request)
{
	if (granted->flags & TRACER_GRANT_REQUESTS)
		return true;
	for (__u32 i = 0; i < TRACER_REQUESTS; i++) {
		if (i < granted->n_requests && granted->requests[i] == request)
			return true;
	}
	return false;
}

SEC("lsm/file_ioctl")
int BPF_PROG(guard_ioctl, struct file *file, unsigned int request, unsigned long arg)
{
	struct mark *mark = mark_of_current();
	struct tracer_grants *granted;

	if (!guarded_by(mark, TRACER_WANT_CALLS))
		return 0;
	granted = grants_of(mark);
	if (granted && is_granted(granted) && is_request_granted(granted, request))
		return 0;
	return refuse_reached(mark, TRACER_GUARD_CALL, request);
}

static __always_inline bool is_option_granted(const struct tracer_grants *granted, __u32 option)
{
	if (granted->flags & TRACER_GRANT_OPTIONS)
		return true;
	if (option < TRACER_OPTIONS)
		return granted->options[BELOW(option, TRACER_OPTIONS) >> 6] >> (option & 63) & 1;
	for (__u32 i = 0; i < TRACER_OPTIONS_MORE; i++) {
		if (granted->options_more[i] == option)
			return true;
	}
	return false;
}

SEC("lsm/task_prctl")
int BPF_PROG(guard_prctl, int option)
{
	struct mark *mark = mark_of_current();
	struct tracer_grants *granted;

	if (!guarded_by(mark, TRACER_WANT_CALLS))
		return 0;
	granted = grants_of(mark);
	if (granted && is_granted(granted) && is_option_granted(granted, option))
		return 0;
	return refuse_reached(mark, TRACER_GUARD_CALL, (__u32)option);
}

static __always_inline bool is_socket_granted(const struct tracer_grants *granted, __u32 family,
					      __u32 type, __u32 protocol)
{
	if (family >= TRACER_FAMILIES || type >= 8 || protocol >= TRACER_PROTOCOLS)
		return false;
	if (!(granted->types[BELOW(family, TRACER_FAMILIES)] >> type & 1))
		return false;
	return (family != AF_INET && family != AF_INET6) ||
	       (granted->protocols[BELOW(protocol, TRACER_PROTOCOLS) >> 3] >> (protocol & 7) & 1);
}

SEC("lsm/socket_create")
int BPF_PROG(guard_socket, int family, int type, int protocol, int kern)
{
	struct mark *mark = mark_of_current();
	struct tracer_grants *granted;

	if (kern || !guarded_by(mark, TRACER_WANT_CALLS))
		return 0;
	granted = grants_of(mark);
	if (granted && is_granted(granted) && is_socket_granted(granted, family, type, protocol))
		return 0;
	return refuse_reached(mark, TRACER_GUARD_SOCKET,
			      (__u64)(__u32)family << 32 | (type & 0xffff) << 16 |
				      (protocol & 0xffff));
}

/* A sandbox has no capability; one that has come by any has none here. */
SEC("lsm/capable")
int BPF_PROG(guard_capable, const struct cred *cred, void *ns, int capability)
{
	struct mark *mark = mark_of_current();
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 effective = 0;

	if (!guarded_by(mark, TRACER_WANT_CALLS))
		return 0;
	/* The kernel's own work for the task, as overlayfs does it, has credentials of its own. */
	if (BPF_CORE_READ(task, real_cred) != cred)
		return 0;
	bpf_core_read(&effective, sizeof(effective), &cred->cap_effective);
	if (!(effective >> (capability & 63) & 1))
		return 0;
	return refuse_reached(mark, TRACER_GUARD_CAPABILITY, (__u32)capability);
}

static __always_inline int judge_mode(unsigned short mode)
{
	struct mark *mark = mark_of_current();
	struct tracer_grants *granted;

	if (!(mode & (S_ISUID | S_ISGID)) || !guarded_by(mark, TRACER_WANT_CALLS))
		return 0;
	granted = grants_of(mark);
	if (granted && (granted->flags & TRACER_GRANT_SET_IDS))
		return 0;
	return refuse_reached(mark, TRACER_GUARD_CALL, mode);
}

SEC("lsm/path_chmod")
int BPF_PROG(guard_chmod, const struct path *path, unsigned short mode)
{
	return judge_mode(mode);
}

SEC("lsm/path_mknod")
int BPF_PROG(guard_mknod, const struct path *dir, struct dentry *dentry, unsigned short mode)
{
	return judge_mode(mode);
}

/* A file that only ever was in memory: no rule for paths can speak of it. */
SEC("lsm/bprm_check_security")
int BPF_PROG(guard_memory, struct linux_binprm *bprm)
{
	struct mark *mark = mark_of_current();
	struct tracer_grants *granted;

	if (!guarded_by(mark, TRACER_WANT_CALLS) ||
	    !(BPF_CORE_READ(bprm, file, f_inode, i_sb, s_flags) & SB_NOUSER))
		return 0;
	granted = grants_of(mark);
	if (granted && (granted->flags & TRACER_GRANT_MEMORY))
		return 0;
	return refuse_reached(mark, TRACER_GUARD_CALL, 0);
}
