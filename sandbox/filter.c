/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"
#include "sandbox/steps.h"
#include "sandbox/switches.h"

/*
 * Install the filter. From here on the child may make no call but execve(2): what the launcher
 * itself needs never enters a policy. The descriptor for notifications lands in the table that we
 * still share with the supervisor, so handing it over takes no call either.
 *
 * Source: seccomp_unotify(2); WAIT_KILLABLE_RECV since Linux 5.19.
 */
int filter_apply(struct confine *c, struct err *err)
{
	static const struct sock_filter open_all[] = { { BPF_RET | BPF_K, 0, 0,
							 SECCOMP_RET_ALLOW } };
	bool off = layer_is_off(LAYER_SECCOMP);
	const struct sock_filter *code = off ? open_all : c->plan->filter;
	struct sock_fprog program = {
		.len = (unsigned short)(off ? 1 : c->plan->n_filter),
		.filter = (struct sock_filter *)(uintptr_t)code,
	};
	unsigned flags = 0;
	int r;

	if (c->plan->host->seccomp_notify)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (c->plan->host->seccomp_notify && c->plan->host->seccomp_wait_killable)
		flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
	if (r < 0)
		return err_sys(err, -r, "cannot install the filter");
	if (flags)
		c->page->listener = r;
	__atomic_store_n(&c->page->filtered, 1, __ATOMIC_RELEASE);
	return 0;
}
