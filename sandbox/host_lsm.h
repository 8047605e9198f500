/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_HOST_LSM_H
#define IMMURE_SANDBOX_HOST_LSM_H

#include "base/arena.h"
#include "sandbox/host_selinux.h"

/* What there is of AppArmor for this user. */
enum apparmor_have {
	APPARMOR_OFF,        /* not built, not booted with, or its files are not mounted */
	APPARMOR_BARE,       /* on, with nothing of ours in it */
	APPARMOR_FLOOR_ONLY, /* the floor is loaded */
	APPARMOR_OWN,        /* and a policy namespace of the user's */
};

struct host_lsm {
	enum apparmor_have apparmor;
	enum selinux_have selinux;
	const char *label; /* our own, as AppArmor or SELinux gives it; NULL without either */
};

/*
 * Read them. Three failing calls where there is neither module.
 *
 *   uid    of the user whose namespace of policies is looked for
 *   arena  owns the label
 */
void host_lsm_read(unsigned uid, struct arena *arena, struct host_lsm *ret);

#endif
