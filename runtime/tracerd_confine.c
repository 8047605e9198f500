/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tracerd_confine.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int tracerd_drop_apply(uint32_t uid, uint32_t gid, struct err *err)
{
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit files = { 4096, 4096 };
	int r;

	capng_clear(CAPNG_SELECT_ALL);
	r = capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_BPF, CAP_PERFMON, -1);
	if (r == 0)
		r = capng_updatev(CAPNG_ADD, CAPNG_PERMITTED, CAP_BPF, CAP_PERFMON, -1);
	if (r < 0)
		return err_set(err, EPERM, "cannot choose the capabilities (libcap-ng: %d)", r);
	if (geteuid() == 0)
		r = capng_change_id((int)uid, (int)gid,
				    (capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING));
	else
		r = capng_apply(CAPNG_SELECT_CAPS);
	if (r < 0)
		return err_set(err, EPERM, "cannot drop the other capabilities (libcap-ng: %d)", r);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(err, errno, "cannot set no_new_privs");
	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_sys(err, errno, "cannot set limits");
	return 0;
}

/* What the loop and libbpf's wrappers of bpf(2) call. */
static const int calls[] = {
	SCMP_SYS(accept4),         SCMP_SYS(bpf),          SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),   SCMP_SYS(close),        SCMP_SYS(exit),
	SCMP_SYS(exit_group),      SCMP_SYS(fcntl),        SCMP_SYS(fstat),
	SCMP_SYS(futex),           SCMP_SYS(getpid),       SCMP_SYS(getsockopt),
	SCMP_SYS(madvise),         SCMP_SYS(munmap),       SCMP_SYS(mremap),
	SCMP_SYS(newfstatat),      SCMP_SYS(pidfd_open),   SCMP_SYS(poll),
	SCMP_SYS(ppoll),           SCMP_SYS(read),         SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigreturn), SCMP_SYS(sendmsg),
	SCMP_SYS(unlink),          SCMP_SYS(unlinkat),     SCMP_SYS(write),
};

static void release(scmp_filter_ctx *context)
{
	if (*context)
		seccomp_release(*context);
}

int tracerd_filter_apply(struct err *err)
{
	cleanup(release) scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = context ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(calls); i++)
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, calls[i], 0);
	if (r == 0)
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				     SCMP_A2_32(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY));
	if (r == 0)
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_load(context);
	if (r < 0)
		return err_sys(err, -r, "cannot install the system call filter");
	return 0;
}
