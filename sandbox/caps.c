/* SPDX-License-Identifier: Apache-2.0 */
/* Who the workload is, and that it has no privilege to regain (R8). */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/steps.h"
#include "sandbox/switches.h"

/*
 * Take the workload's ids. With NO_SETUID_FIXUP the capabilities stay until caps_apply() empties
 * them by name. Source: capabilities(7), "The securebits flags".
 */
int ids_apply(struct confine *c, struct err *err)
{
	const struct plan_ids *ids = &c->plan->ids;

	unsigned long bits =
		layer_is_off(LAYER_CAPABILITIES) ? SECBIT_NO_SETUID_FIXUP : CAPS_LOCKED_BITS;

	if (prctl(PR_SET_SECUREBITS, bits) < 0)
		return err_sys(err, errno, "cannot lock the secure bits");
	if (ids->drop_groups && setgroups(c->plan->n_groups, c->plan->groups) < 0)
		return err_sys(err, errno, "cannot set the supplementary groups");
	if (setresgid(ids->gid, ids->gid, ids->gid) < 0)
		return err_sys(err, errno, "cannot become group %u", ids->gid);
	if (setresuid(ids->uid, ids->uid, ids->uid) < 0)
		return err_sys(err, errno, "cannot become user %u", ids->uid);
	return 0;
}

/* One by one, until the kernel knows no further one. Source: capabilities(7), "Bounding set". */
static int empty_bounding_set(struct err *err)
{
	for (unsigned long cap = 0;; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL && cap > CAP_SETFCAP)
			return 0;
		return err_sys(err, errno, "cannot drop capability %lu for good", cap);
	}
}

/* By the calls themselves: libcap-ng asks for each one first, which takes longer than to drop it.
 */
int caps_apply(struct confine *c, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	int r;

	(void)c;
	if (layer_is_off(LAYER_CAPABILITIES))
		return layer_keep_capabilities(err);
	r = empty_bounding_set(err);
	if (r < 0)
		return r;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(err, errno, "cannot empty the ambient set");
	if (syscall(SYS_capset, &header, none) < 0)
		return err_sys(err, errno, "cannot empty the capability sets");
	return 0;
}
