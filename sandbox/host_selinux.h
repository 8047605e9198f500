/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_HOST_SELINUX_H
#define IMMURE_SANDBOX_HOST_SELINUX_H

/*
 * What the kernel says of SELinux. All of it is answered to everybody by files of selinuxfs, so
 * the launcher needs no library for it.
 */

#include <stdbool.h>

enum selinux_have {
	SELINUX_OFF,        /* not built, not booted with, or selinuxfs is not mounted */
	SELINUX_PERMISSIVE, /* what would be refused is only recorded */
	SELINUX_ENFORCING,
};

/* One failing call where there is none. */
enum selinux_have host_selinux_read(void);

/* Whether the loaded policy has this context: user, role, type and categories together. */
bool host_selinux_knows(const char *context);

/* Whether a process of context `from` may become `to` by execve(2), under no_new_privs too. */
bool host_selinux_may_become(const char *from, const char *to);

#endif
