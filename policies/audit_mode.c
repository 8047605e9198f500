/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/audit_mode.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "policies/syscall_sets.h"

/* Code of the kernel that no program needs, and that ways out of sandboxes began with. */
static const char *const groups[] = { "@kernel", "@mount", "@namespaces", "@debug", "@numa" };
static const char *const calls[] = { "io_uring_setup", "io_uring_enter", "io_uring_register",
				     "modify_ldt",     "kexec_load",     "open_by_handle_at",
				     "mknod",          "mknodat" };

/* Families that stay within the network namespace, or are files. */
static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
static const struct cond own_families = {
	.kind = COND_IN, .arg = 0, .n_values = ARRAY_LEN(families), .values = families
};
/* They type into the terminal, as its user. */
static const uint32_t typing[] = { TIOCSTI, TIOCLINUX };
static const struct cond types = {
	.kind = COND_IN, .arg = 1, .n_values = ARRAY_LEN(typing), .values = typing
};
static const struct cond types_not = { .kind = COND_NOT, .left = &types };

static const struct audit_floor none;
static const struct audit_floor whole = { .whole = true };
static const struct audit_floor sockets = { .unless = &own_families };
static const struct audit_floor terminals = { .unless = &types_not };

const struct audit_floor *audit_floor_of(const struct policy *policy, const char *call)
{
	if (!policy->audit_only)
		return NULL;
	if (strcmp(call, "socket") == 0)
		return &sockets;
	if (strcmp(call, "ioctl") == 0)
		return &terminals;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (strcmp(calls[i], call) == 0)
			return &whole;
	}
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct name_list group = { 0 };

		if (!syscall_group_find(span_of(groups[i]), &group))
			continue;
		for (size_t k = 0; k < group.n; k++) {
			if (strcmp(group.names[k], call) == 0)
				return &whole;
		}
	}
	return &none;
}

bool audit_looks_at(const struct policy *policy, const char *call)
{
	static const char *const looked_at[] = {
		"creat",     "mknod",   "mknodat", "execve",    "execveat", "link",   "linkat",
		"mkdir",     "mkdirat", "open",    "openat",    "openat2",  "rename", "renameat",
		"renameat2", "rmdir",   "symlink", "symlinkat", "truncate", "unlink", "unlinkat",
	};

	for (size_t i = 0; policy->audit_only && i < ARRAY_LEN(looked_at); i++) {
		if (strcmp(looked_at[i], call) == 0)
			return true;
	}
	return false;
}

bool verdict_goes_on(enum verdict verdict)
{
	return verdict == VERDICT_ALLOW || verdict == VERDICT_LOOK || verdict == VERDICT_AUDIT;
}
