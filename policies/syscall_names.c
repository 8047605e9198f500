/* SPDX-License-Identifier: Apache-2.0 */
/* Names and numbers, as libseccomp has them. */
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>

#include "policies/syscall_sets.h"

/* libseccomp's tokens are AUDIT_ARCH_* values for the two that we know. */
#define SEARCH_END 600

int syscall_number(const char *name, uint32_t audit_arch)
{
	int nr = seccomp_syscall_resolve_name_arch(audit_arch, name);

	return nr < 0 ? -1 : nr; /* below zero: not in this architecture, or nowhere */
}

/* The library hands out a copy; names are few and live as long as the program. */
const char *syscall_name(int number, uint32_t audit_arch)
{
	static char names[2][SEARCH_END][32];
	char *text;
	char *slot;

	if (number < 0 || number >= SEARCH_END)
		return NULL;
	slot = names[audit_arch == AUDIT_ARCH_X86_64][number];
	if (slot[0])
		return slot;
	text = seccomp_syscall_resolve_num_arch(audit_arch, number);
	for (size_t i = 0; text && text[i] && i < sizeof(names[0][0]) - 1; i++)
		slot[i] = text[i];
	free(text);
	return slot[0] ? slot : NULL;
}

bool syscall_is_known(const char *name)
{
	return seccomp_syscall_resolve_name_arch(AUDIT_ARCH_X86_64, name) != __NR_SCMP_ERROR;
}

int syscall_count(uint32_t audit_arch)
{
	for (int nr = SEARCH_END - 1; nr >= 0; nr--) {
		if (syscall_name(nr, audit_arch))
			return nr + 1;
	}
	return 0;
}
