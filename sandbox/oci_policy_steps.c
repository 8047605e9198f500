/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a container, or of a process of exec, that has a policy of the administrator's. */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/confine.h"
#include "sandbox/oci_policy.h"
#include "sandbox/oci_steps.h"
#include "sandbox/steps.h"

/* The mounts as they are in the end, for the monitor, who may not look into us. */
int oci_mountinfo_apply(struct oci_child *c, struct err *err)
{
	if (!c->plan->policy)
		return 0;
	c->page->mountinfo = openat(c->fds->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (c->page->mountinfo < 0)
		return err_sys(err, errno, "cannot open mountinfo");
	return 0;
}

/* With a policy, in a user namespace of its own: no further namespaces (R9). */
int oci_nslimits_apply(struct oci_child *c, struct err *err)
{
	struct confine confine = { .plan = c->plan->policy, .sys_user = -1 };

	if (!c->plan->policy || !c->plan->ns[OCI_NS_USER].asked || c->plan->ns[OCI_NS_USER].path)
		return 0;
	confine.sys_user = openat(c->fds->proc, "sys/user", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (confine.sys_user < 0)
		return err_sys(err, errno, "cannot open /proc/sys/user");
	return nslimits_apply(&confine, err);
}

/* The policy's path rules, on the root as it is now. Needs no_new_privs, and the rights to look. */
int oci_fsrules_apply(struct oci_child *c, struct err *err)
{
	cleanup_close int root = -1;
	struct plan rules;
	struct confine confine;

	if (!c->plan->policy || c->plan->policy->landlock_abi == 0)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "cannot set no_new_privs");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "cannot open the root");
	rules = *c->plan->policy;
	if (oci_policy_written(c->plan->policy, &c->arena, &rules) < 0)
		return err_set(err, ENOMEM, "out of memory");
	confine = (struct confine){ .plan = &rules, .root = root, .ruleset = -1 };
	if (fsrules_prepare(&confine, err) < 0)
		return -err->code;
	return fsrules_apply(&confine, err);
}

/* Whoever is to read what there is may have been killed. */
static int await_go(const struct oci_child *c, struct err *err)
{
	const struct timespec patience = { .tv_sec = 10 };

	confine_page_set(&c->told->confined);
	while (__atomic_load_n(&c->told->go, __ATOMIC_ACQUIRE) == 0) {
		if (syscall(SYS_futex, &c->told->go, FUTEX_WAIT, 0, &patience, NULL, 0) < 0 &&
		    errno == ETIMEDOUT)
			return err_set(err, EOWNERDEAD, "the container's monitor does not answer");
	}
	return 0;
}

/*
 * The policy's filter, on top of the bundle's and the floor's: a call has to be allowed by each.
 * What it refuses is announced to the monitor, who writes it down and answers.
 */
int oci_filter_apply(struct oci_child *c, struct err *err)
{
	const struct plan *policy = c->plan->policy;
	unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int r;

	if (!policy)
		return 0;
	if (policy->host->seccomp_wait_killable)
		flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	r = await_go(c, err);
	if (r < 0)
		return r;
	r = oci_program_load(&(struct oci_program){ policy->n_filter, policy->filter }, flags, err);
	if (r < 0)
		return r;
	c->told->listener = r;
	__atomic_store_n(&c->told->filtered, 1, __ATOMIC_RELEASE);
	return 0;
}
