/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process 1 of the sandbox. The kernel drops signals that the first process of a pid namespace does
 * not handle, so a program in its place could neither abort nor end by a closed pipe; and somebody
 * must reap orphans. It is confined like the program but for the filter, owns no descriptor (in a
 * detached run: one, by which its monitor asks for further programs), shows nothing of itself (not
 * dumpable, and /proc hides it), and ends with the supervisor.
 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/enter.h"
#include "sandbox/steps.h"

#define STACK_BYTES 65536

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

int init_start(struct confine *c, int (*program)(void *confine), struct err *err)
{
	static _Alignas(16) char stack[STACK_BYTES];
	pid_t pid;

	/*
	 * As vfork(2) does it: the program's process has our memory, and we sleep, until it
	 * executes. The kernel clears c->page->executing at that moment and wakes the supervisor.
	 */
	pid = clone(program, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | CLONE_CHILD_CLEARTID |
			    SIGCHLD,
		    c, &c->program_pidfd, NULL, &c->page->executing);
	if (pid < 0)
		return err_sys(err, errno, "cannot make the program's process");
	/* The table is the supervisor's: the number says all; our own copy of it is closed. */
	if (c->fds->enter >= 0) {
		if (unshare(CLONE_FILES) < 0)
			_exit(127);
		enter_serve(c->plan, c->fds->enter, pid);
	}
	if (close_range(0, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		_exit(127);
	reap(pid);
}
