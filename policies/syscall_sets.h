/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_SYSCALL_SETS_H
#define IMMURE_POLICIES_SYSCALL_SETS_H

/* Names, numbers, groups and families of system calls. Data and look-ups; pure. */

#include <stdint.h>

#include "base/text.h"

/* The number of a call in an architecture (AUDIT_ARCH_*), or -1. By libseccomp. */
int syscall_number(const char *name, uint32_t audit_arch);

/* The name of a number, or NULL. The text is static. */
const char *syscall_name(int number, uint32_t audit_arch);

/* True for any name that libseccomp knows on some architecture. */
bool syscall_is_known(const char *name);

/* Highest number this version knows in an architecture, plus one. */
int syscall_count(uint32_t audit_arch);

/* A list of names; sorted. */
struct name_list {
	const char *const *names;
	size_t n;
};

/* The members of a group such as "@io" (with the @). Returns false if there is none of that name.
 */
bool syscall_group_find(struct span name, struct name_list *ret);

/* The calls granted together with `call` (itself among them), such as open, openat, creat. */
struct name_list syscall_family(const char *call);

/* All groups, for `policy show --groups` and completion. */
extern const char *const syscall_group_names[];
extern const size_t n_syscall_group_names;

#endif
