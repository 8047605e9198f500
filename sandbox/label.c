// SPDX-License-Identifier: Apache-2.0
/*
 * The label that the next execve(2) gives. It is written through our own pinned /proc (R4), for a
 * label written into a planted file is none. The kernel refuses the execve(2) if it cannot change
 * to it, so there is no program without it. Process 1 keeps it unused; the program inherits it.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "sandbox/steps.h"

static int selinux_apply(struct confine *c, struct err *err)
{
	if (fd_write_text(c->proc, "self/attr/exec", c->plan->lsm.selinux, err) < 0)
		return err_wrap(err, "SELinux label %s", c->plan->lsm.selinux);
	return 0;
}

int label_apply(struct confine *c, struct err *err)
{
	char text[512];
	int n;

	if (c->plan->lsm.selinux)
		return selinux_apply(c, err);
	if (!c->plan->lsm.apparmor)
		return 0;
	n = snprintf(text, sizeof(text), "exec %s", c->plan->lsm.apparmor);
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_set(err, ENAMETOOLONG, "the name of the profile is too long");
	if (fd_write_text(c->proc, "self/attr/apparmor/exec", text, err) < 0)
		return err_wrap(err, "AppArmor profile %s", c->plan->lsm.apparmor);
	return 0;
}
