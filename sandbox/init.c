/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process 1 of the sandbox. The kernel drops signals that the first process of a pid namespace does
 * not handle, so a program in its place could neither abort nor end by a closed pipe; and somebody
 * must reap orphans. It is confined like the program but for the filter, owns no descriptor, shows
 * nothing of itself (not dumpable, and /proc hides it), and ends with the supervisor.
 */
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "sandbox/steps.h"

/* Reap whoever is not the program; it stays a zombie until the supervisor has looked at it. */
_Noreturn static void reap(pid_t program)
{
	for (;;) {
		siginfo_t ended = { 0 };

		if (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) < 0)
			continue;
		if (ended.si_pid != program) {
			while (waitpid(ended.si_pid, NULL, 0) < 0 && errno == EINTR)
				;
			continue;
		}
		for (;;)
			pause(); /* the supervisor kills us, and with us what is left */
	}
}

int init_apply(struct confine *c, struct err *err)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_FILES | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t program = sys_clone3(&args);

	if (program < 0)
		return err_sys(err, -program, "cannot make the program's process");
	if (program == 0)
		return 0;
	/* The table is the supervisor's: the number says all; our own copy of it is closed. */
	__atomic_store_n(&c->page->workload, pidfd, __ATOMIC_RELEASE);
	syscall(SYS_futex, &c->page->workload, FUTEX_WAKE, 1, NULL, NULL, 0);
	if (close_range(0, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		_exit(127);
	reap(program);
}
