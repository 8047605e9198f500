/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two things take the kernel as long as half of all our other steps, and mostly they wait: to make
 * a network namespace, and to take down the old root (an RCU grace period). A second thread does
 * them meanwhile. It has ended before anything is given up that both would have to give up, and
 * before there is a program.
 * Mustn't: allocate, or touch what the steps use. They share all memory, errno and the working
 * folder too; but only a call that fails writes errno, and with it the start fails.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/steps.h"

#define STACK_BYTES 32768
#define LAST_NUMBER "/proc/sys/kernel/ns_last_pid"

static struct {
	uint32_t running; /* futex: the kernel clears it when the thread has ended */
	uint32_t changed; /* futex: the root is another, the old one can go */
	int ns;           /* what it made, or -1 */
	bool done;        /* all of it; else err */
	struct err err;
} side = { .ns = -1 };

static int make_netns(struct err *err)
{
	cleanup_close int s = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(err, errno, "cannot make a network namespace");
	if (loopback_apply(err) < 0)
		return -err->code;
	/* Not by /proc, whose place the steps are about to take. */
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return err_sys(err, errno, "cannot open a socket");
	side.ns = ioctl(s, SIOCGSKNS);
	return side.ns < 0 ? err_sys(err, errno, "cannot open the network namespace") : 0;
}

static int work(void *unused)
{
	(void)unused;
	if (make_netns(&side.err) < 0 || confine_page_wait(&side.changed, &side.err) < 0 ||
	    root_leave_old(&side.err) < 0)
		return 1;
	side.done = true;
	return 0;
}

/* The next process of our PID namespace gets the number after this one. */
static void set_last_number(int file, const char *number)
{
	if (file >= 0 && pwrite(file, number, strlen(number), 0) < 0)
		return; /* then it gets the next one that is free */
}

/*
 * Number 2 inside is the program's. A thread that has ended may hold its number a little longer,
 * so ours has one far away. Without the file (CONFIG_CHECKPOINT_RESTORE) the program is number 3.
 */
int side_begin_apply(struct confine *c, struct err *err)
{
	static _Alignas(16) char stack[STACK_BYTES];
	cleanup_close int last = -1;
	pid_t number;

	if (!(c->plan->namespaces & CLONE_NEWNET))
		return 0;
	last = open(LAST_NUMBER, O_WRONLY | O_CLOEXEC);
	set_last_number(last, "299");
	side.running = 1;
	number = clone(work, stack + sizeof(stack),
		       CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_FS | CLONE_FILES |
			       CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
		       NULL, NULL, NULL, &side.running);
	if (number < 0)
		return err_sys(err, errno, "cannot start a thread");
	set_last_number(last, "1");
	return 0;
}

int side_leave_old_root(const struct confine *c, struct err *err)
{
	if (!(c->plan->namespaces & CLONE_NEWNET))
		return root_leave_old(err);
	confine_page_set(&side.changed);
	return 0;
}

int side_join_apply(struct confine *c, struct err *err)
{
	uint32_t running;

	if (c->plan->namespaces & CLONE_NEWNET) {
		while ((running = __atomic_load_n(&side.running, __ATOMIC_ACQUIRE)) != 0)
			syscall(SYS_futex, &side.running, FUTEX_WAIT, running, NULL, NULL, 0);
		if (!side.done) {
			*err = side.err;
			return -err->code;
		}
		if (setns(side.ns, CLONE_NEWNET) < 0)
			return err_sys(err, errno, "cannot enter the network namespace");
		closep(&side.ns);
	}
	confine_page_set(&c->page->networked);
	return 0;
}
