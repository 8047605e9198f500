// SPDX-License-Identifier: Apache-2.0
/*
 * System calls that no contained program needs, one row each (classes 37-41, 43, 49). The arguments
 * are wrong on purpose: who is let in gets EINVAL, EFAULT or EBADF and has changed nothing.
 */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	NR_MEMFD_SECRET = 447,
	NR_LSM_SET_SELF_ATTR = 460,
	NR_QUOTACTL_FD = 443,
	NR_PROCESS_MADVISE = 440,
	NR_PROCESS_MRELEASE = 448,
	UFFD_USER_MODE_ONLY_FLAG = 1,
	FAN_REPORT_FID_FLAG = 0x200,
	PR_SET_MM_MAP_SIZE_OPTION = 15,
	IOPRIO_RT = 1 << 13,
	MADV_COLD_ADVICE = 20,
	LSM_ATTR_EXEC_NUMBER = 101,
	LSM_ID_APPARMOR_NUMBER = 104,
};

/* The clock is set to what it says: the one call here that is not refused for its arguments. */
static enum outcome try_settime(const struct act *act)
{
	struct timespec now;

	clock_gettime((clockid_t)act->nr, &now);
	return act_reached(syscall(SYS_clock_settime, act->nr, &now));
}

static enum outcome try_adjtime(const struct act *act)
{
	struct timex tx = { .modes = ADJ_TICK, .tick = 0 };

	if (act->nr == SYS_adjtimex)
		return act_reached(syscall(SYS_adjtimex, &tx));
	return act_reached(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &tx));
}

static enum outcome try_realtime(const struct act *act)
{
	struct sched_param param = { .sched_priority = 1 };

	return act_reached(syscall(act->nr, 0, SCHED_FIFO, &param));
}

static enum outcome try_deadline(const struct act *act)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { .size = 48, .policy = SCHED_FIFO, .priority = 1 };

	return act_reached(syscall(act->nr, 0, &attr, 0));
}

static enum outcome try_name(const struct act *act)
{
	return act_reached(syscall(act->nr, "immure", 6));
}

static enum outcome try_set_mm(const struct act *act)
{
	unsigned size = 0;

	(void)act;
	return act_reached(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE_OPTION, &size, 0, 0));
}

static enum outcome try_handle(const struct act *act)
{
	unsigned handle[34] = { 0 };
	int mount_id;

	handle[0] = 128;
	return act_reached(syscall(act->nr, AT_FDCWD, act->path, handle, &mount_id, 0));
}

/*
 * The following are right in every argument, so that whoever is let in gets as far as the kernel
 * asks about the object. All are about ourselves, and harmless.
 */
static enum outcome try_ring(const struct act *act)
{
	struct io_uring_params params = { 0 };

	return act_reached(syscall(act->nr, 1, &params));
}

static enum outcome try_perf(const struct act *act)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = PERF_ATTR_SIZE_VER0,
					.config = PERF_COUNT_SW_TASK_CLOCK,
					.exclude_kernel = 1,
					.exclude_hv = 1 };

	return act_reached(syscall(act->nr, &attr, 0, -1, -1, 0));
}

static enum outcome try_migrate(const struct act *act)
{
	unsigned long from = 1;
	unsigned long to = 1;

	return act_reached(syscall(act->nr, 0, 2, &from, &to));
}

static enum outcome try_advise(const struct act *act)
{
	char here[8] = "";
	struct iovec part = { here, sizeof(here) };
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, act_child(), 0);

	if (fd < 0)
		return act_refused("pidfd_open: %s", strerrorname_np(errno));
	return act_reached(syscall(act->nr, fd, &part, 1, MADV_COLD_ADVICE, 0));
}

static enum outcome try_quota_fd(const struct act *act)
{
	cleanup_close int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return act_reached(syscall(act->nr, fd, act->args[0], 0, NULL));
}

/* The counter of groups is the namespace's own; a kernel without the call says ENOSYS. */
static enum outcome try_watch(const struct act *act)
{
	long fd = syscall(act->nr, FAN_REPORT_FID_FLAG, 0);

	if (fd < 0 && errno == EMFILE)
		return act_refused("EMFILE");
	return act_reached(fd);
}

static enum outcome try_label(const struct act *act)
{
	struct {
		uint64_t id, flags, len, ctx_len;
		char ctx[32];
	} label = { .id = LSM_ID_APPARMOR_NUMBER, .len = sizeof(label), .ctx = "exec unconfined" };
	long r;

	label.ctx_len = strlen(label.ctx) + 1;
	r = syscall(act->nr, LSM_ATTR_EXEC_NUMBER, &label, sizeof(label), 0);
	if (r < 0 && errno == EOPNOTSUPP)
		return act_refused("no module that takes it");
	return act_reached(r);
}

/* clang-format off */
#define CALL(id, class, number, control, text, ...) \
	{ "call-" id, act_call, text, "R7", class, control, .nr = (number), .args = { __VA_ARGS__ } }
#define PLAIN CONTROL_PLAIN
#define PLAIN_K (CONTROL_PLAIN | CONTROL_KERNEL)
#define ROOT CONTROL_ROOT
#define ROOT_K (CONTROL_ROOT | CONTROL_KERNEL)
#define USERNS CONTROL_USERNS

const struct act acts_calls[] = {
	{ "call-io-uring-setup", try_ring, "make a ring for input and output", "R7", 37, PLAIN_K, .nr = SYS_io_uring_setup },
	CALL("io-uring-enter", 37, SYS_io_uring_enter, PLAIN_K, "submit to a ring", -1UL),
	CALL("io-uring-register", 37, SYS_io_uring_register, PLAIN_K, "register with a ring", -1UL),
	CALL("bpf", 40, SYS_bpf, ROOT_K, "bpf(2)", -1UL),
	{ "call-perf-event-open", try_perf, "perf_event_open(2)", "R7", 40, PLAIN_K, .nr = SYS_perf_event_open },
	CALL("userfaultfd", 40, SYS_userfaultfd, PLAIN_K, "handle page faults", UFFD_USER_MODE_ONLY_FLAG),
	{ "call-fanotify-init", try_watch, "watch a whole file system", "R7 R9", 40, PLAIN_K, .nr = SYS_fanotify_init },
	CALL("fanotify-mark", 40, SYS_fanotify_mark, PLAIN_K, "mark what is watched", -1UL),
	{ "call-name-to-handle", try_handle, "get the handle of a file", "R7", 41, PLAIN_K, .path = "/",
	  .nr = SYS_name_to_handle_at },
	CALL("open-by-handle", 41, SYS_open_by_handle_at, ROOT_K, "open a file by its handle, wherever it is"),
	CALL("init-module", 49, SYS_init_module, ROOT_K, "load a module"),
	CALL("finit-module", 49, SYS_finit_module, ROOT_K, "load a module from a file", -1UL),
	CALL("delete-module", 49, SYS_delete_module, ROOT_K, "remove a module"),
	CALL("kexec-load", 49, SYS_kexec_load, ROOT_K, "load another kernel", 0, 0, 0, 0xffff),
	CALL("kexec-file-load", 49, SYS_kexec_file_load, ROOT_K, "load another kernel from a file", -1UL),
	CALL("reboot", 49, SYS_reboot, USERNS, "reboot"),
	CALL("swapon", 49, SYS_swapon, ROOT_K, "add a swap area"),
	CALL("swapoff", 49, SYS_swapoff, ROOT_K, "take a swap area away"),
	CALL("settimeofday", 49, SYS_settimeofday, ROOT, "set the clock by settimeofday(2)"),
	{ "call-clock-settime", try_settime, "set the clock", "R7", 49, CONTROL_NONE, .nr = CLOCK_REALTIME },
	{ "call-adjtimex", try_adjtime, "tune the clock", "R7", 49, ROOT, .nr = SYS_adjtimex },
	{ "call-clock-adjtime", try_adjtime, "tune the clock by clock_adjtime(2)", "R7", 49, ROOT,
	  .nr = SYS_clock_adjtime },
	{ "call-sethostname", try_name, "set the host name", "R7", 49, USERNS, .nr = SYS_sethostname },
	{ "call-setdomainname", try_name, "set the domain name", "R7", 49, USERNS, .nr = SYS_setdomainname },
	CALL("quotactl", 49, SYS_quotactl, PLAIN_K, "disk quotas", 0x80000100 /* Q_SYNC, USRQUOTA */),
	{ "call-quotactl-fd", try_quota_fd, "disk quotas by descriptor", "R7", 30, PLAIN_K, .nr = NR_QUOTACTL_FD,
	  .args = { 0x80000500 /* Q_GETINFO, USRQUOTA */ } },
	CALL("acct", 49, SYS_acct, ROOT_K, "process accounting"),
	CALL("syslog", 49, SYS_syslog, ROOT, "the kernel's log", 10),
	CALL("vhangup", 49, SYS_vhangup, ROOT, "hang up the terminal"),
	CALL("move-pages", 49, SYS_move_pages, PLAIN_K, "move_pages(2)"),
	{ "call-migrate-pages", try_migrate, "migrate_pages(2)", "R7", 49, PLAIN_K, .nr = SYS_migrate_pages },
	CALL("mbind", 49, SYS_mbind, PLAIN_K, "mbind(2)", 1, 1, 99),
	CALL("set-mempolicy", 49, SYS_set_mempolicy, PLAIN_K, "set_mempolicy(2)", 99),
	{ "call-process-madvise", try_advise, "advise on another's memory", "R7", 39, PLAIN_K, .nr = NR_PROCESS_MADVISE },
	CALL("process-mrelease", 39, NR_PROCESS_MRELEASE, PLAIN_K, "release another's memory", -1UL),
	CALL("memfd-secret", 30, NR_MEMFD_SECRET, PLAIN_K, "memory out of the kernel's sight", 0),
	{ "call-lsm-set-self-attr", try_label, "change the own security label", "R7", 30, PLAIN_K, .nr = NR_LSM_SET_SELF_ATTR },
	CALL("ioprio-rt", 50, SYS_ioprio_set, ROOT, "input and output before everybody else", 1, 0, IOPRIO_RT),
	CALL("setpriority", 50, SYS_setpriority, ROOT, "be more important than others", PRIO_PROCESS, 0, -5UL),
	{ "call-sched-fifo", try_realtime, "run in real time", "R7", 50, ROOT, .nr = SYS_sched_setscheduler },
	{ "call-sched-attr", try_deadline, "run in real time by sched_setattr(2)", "R7", 50, ROOT,
	  .nr = SYS_sched_setattr },
	{ "prctl-set-mm", try_set_mm, "rewrite the kernel's idea of the own memory", "R7", 49, PLAIN_K },
#ifdef __x86_64__
	CALL("iopl", 49, SYS_iopl, ROOT_K, "reach all ports", 3),
	CALL("ioperm", 49, SYS_ioperm, ROOT_K, "reach a port", 0x80, 1, 1),
	CALL("modify-ldt", 49, SYS_modify_ldt, PLAIN_K, "make segments", 0),
	CALL("uselib", 49, SYS_uselib, PLAIN_K, "uselib(2)"),
	CALL("arch-prctl-vdso", 49, SYS_arch_prctl, PLAIN_K, "map another vDSO", 0x2003 /* ARCH_MAP_VDSO_64 */),
#endif
	{ 0 },
};
/* clang-format on */
