/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a network namespace takes the kernel as long as half of all our other steps, so a second
 * thread makes it meanwhile. It has ended before anything is given up that both would have to give
 * up, and before there is a program.
 * Mustn't: allocate, or touch what the steps use. They share all memory, errno too; but only a
 * call that fails writes that, and with it the start fails.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/steps.h"

#define STACK_BYTES 32768

static struct {
	uint32_t running; /* futex: the kernel clears it when the thread has ended */
	int ns;           /* what it made, or -1 and err */
	struct err err;
} maker = { .ns = -1 };

static int make_netns(void *unused)
{
	struct err *err = &maker.err;
	cleanup_close int s = -1;

	(void)unused;
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(err, errno, "cannot make a network namespace");
	if (loopback_apply(err) < 0)
		return -err->code;
	/* Not by /proc, whose place the steps are about to take. */
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return err_sys(err, errno, "cannot open a socket");
	maker.ns = ioctl(s, SIOCGSKNS);
	return maker.ns < 0 ? err_sys(err, errno, "cannot open the network namespace") : 0;
}

int netns_begin_apply(struct confine *c, struct err *err)
{
	static _Alignas(16) char stack[STACK_BYTES];

	if (!(c->plan->namespaces & CLONE_NEWNET))
		return 0;
	maker.running = 1;
	if (clone(make_netns, stack + sizeof(stack),
		  CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
			  CLONE_CHILD_CLEARTID,
		  NULL, NULL, NULL, &maker.running) < 0)
		return err_sys(err, errno, "cannot start a thread");
	return 0;
}

void netns_give_number_back(int proc)
{
	struct err ignored = { 0 };

	if (fd_write_text(proc, "sys/kernel/ns_last_pid", "1", &ignored) < 0)
		return; /* a kernel without CONFIG_CHECKPOINT_RESTORE: then it is number 3 */
}

int netns_join_apply(struct confine *c, struct err *err)
{
	uint32_t running;

	if (c->plan->namespaces & CLONE_NEWNET) {
		while ((running = __atomic_load_n(&maker.running, __ATOMIC_ACQUIRE)) != 0)
			syscall(SYS_futex, &maker.running, FUTEX_WAIT, running, NULL, NULL, 0);
		if (maker.ns < 0) {
			*err = maker.err;
			return -err->code;
		}
		if (setns(maker.ns, CLONE_NEWNET) < 0)
			return err_sys(err, errno, "cannot enter the network namespace");
		closep(&maker.ns);
	}
	confine_page_set(&c->page->networked);
	return 0;
}
