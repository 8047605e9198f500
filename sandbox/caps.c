/* SPDX-License-Identifier: Apache-2.0 */
/* Who the workload is, and that it has no privilege to regain (R8). */
#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/steps.h"
#include "sandbox/switches.h"

#define LOCKED_BITS                                                      \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |   \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED | SECBIT_KEEP_CAPS_LOCKED)

/*
 * Take the workload's ids. With NO_SETUID_FIXUP the capabilities stay until caps_apply() empties
 * them by name. Source: capabilities(7), "The securebits flags".
 */
int ids_apply(struct confine *c, struct err *err)
{
	const struct plan_ids *ids = &c->plan->ids;

	unsigned long bits =
		layer_is_off(LAYER_CAPABILITIES) ? SECBIT_NO_SETUID_FIXUP : LOCKED_BITS;

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

int caps_apply(struct confine *c, struct err *err)
{
	int r;

	(void)c;
	if (layer_is_off(LAYER_CAPABILITIES))
		return layer_keep_capabilities(err);
	capng_clear(CAPNG_SELECT_ALL);
	r = capng_apply(CAPNG_SELECT_ALL);
	if (r < 0)
		return err_set(err, EPERM, "cannot empty the capability sets (libcap-ng: %d)", r);
	return 0;
}

int caps_keep_apply(bool over_ids, struct err *err)
{
	static const capng_type_t sets[] = { CAPNG_EFFECTIVE, CAPNG_PERMITTED };
	int r;

	if (prctl(PR_SET_SECUREBITS, LOCKED_BITS) < 0)
		return err_sys(err, errno, "cannot lock the secure bits");
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; over_ids && i < ARRAY_LEN(sets); i++)
		capng_updatev(CAPNG_ADD, sets[i], CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, -1);
	r = capng_apply(CAPNG_SELECT_ALL);
	if (r < 0)
		return err_set(err, EPERM, "cannot empty the capability sets (libcap-ng: %d)", r);
	return 0;
}
