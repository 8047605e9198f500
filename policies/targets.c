/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/targets.h"

#include <string.h>

#define ENFORCED                      \
	(struct target_verdict)       \
	{                             \
		TARGET_ENFORCED, NULL \
	}
#define WEAKENED(why)                \
	(struct target_verdict)      \
	{                            \
		TARGET_WEAKENED, why \
	}
#define LOST(why)                \
	(struct target_verdict)  \
	{                        \
		TARGET_LOST, why \
	}

static struct target_verdict seccomp_call(const struct syscall_rule *rule)
{
	(void)rule;
	return ENFORCED;
}

static struct target_verdict oci_call(const struct syscall_rule *rule)
{
	if (rule->cond && (!rule->allow || rule->error))
		return WEAKENED("refused with the error of unknown calls, not its own");
	if (!rule->allow && !rule->quiet)
		return WEAKENED("refused, but nobody records it");
	if (rule->cond)
		return WEAKENED("other arguments get the error of unknown calls");
	return ENFORCED;
}

static struct target_verdict systemd_call(const struct syscall_rule *rule)
{
	if (rule->cond && rule->allow)
		return WEAKENED("allowed with every argument");
	if (rule->cond)
		return LOST("arguments cannot be told apart: not refused");
	if (!rule->allow && rule->error)
		return WEAKENED("refused with SystemCallErrorNumber, not its own error");
	return ENFORCED;
}

static bool names_any(const struct syscall_rule *rule, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (syscall_rule_names(rule, names[i]))
			return true;
	}
	return false;
}

/* AppArmor sees objects, not calls: sockets, mounts, ptrace, signals. */
static struct target_verdict apparmor_call(const struct syscall_rule *rule)
{
	static const char *const seen[] = { "socket", "mount",   "ptrace",
					    "kill",   "umount2", "pivot_root" };

	if (!names_any(rule, seen, ARRAY_LEN(seen)))
		return (struct target_verdict){ TARGET_NA, NULL };
	if (rule->cond)
		return WEAKENED("by family and type, not by every argument");
	return ENFORCED;
}

/* SELinux too, and of a socket each operation. */
static struct target_verdict selinux_call(const struct syscall_rule *rule)
{
	static const char *const seen[] = {
		"socket",     "bind",     "connect",    "listen", "accept4", "getsockopt",
		"setsockopt", "shutdown", "mount",      "ptrace", "umount2", "pivot_root",
		"semget",     "shmget",   "msgget",     "bpf",    "add_key", "perf_event_open",
		"mmap",       "mprotect", "sethostname"
	};

	if (!names_any(rule, seen, ARRAY_LEN(seen)))
		return (struct target_verdict){ TARGET_NA, NULL };
	if (rule->cond)
		return WEAKENED("by the kind of the object, not by every argument");
	return ENFORCED;
}

static struct target_verdict network_call(const struct syscall_rule *rule)
{
	static const char *const seen[] = { "socket" };

	if (!names_any(rule, seen, ARRAY_LEN(seen)))
		return (struct target_verdict){ TARGET_NA, NULL };
	return ENFORCED;
}

static struct target_verdict mounts_file(const struct file_rule *rule)
{
	if (rule->access & FILE_DENY)
		return ENFORCED; /* a mask */
	return WEAKENED("what is shown, what can be written; not which file of what is shown");
}

static struct target_verdict landlock_file(const struct file_rule *rule)
{
	if (rule->access & FILE_DENY)
		return LOST("cannot take away below a grant: the mask mount holds it");
	return ENFORCED;
}

static struct target_verdict apparmor_file(const struct file_rule *rule)
{
	(void)rule;
	return ENFORCED;
}

static struct target_verdict selinux_file(const struct file_rule *rule)
{
	if (rule->access & FILE_DENY)
		return LOST("types are coarser than paths");
	return WEAKENED("by the types of its part of the tree, not by path");
}

static struct target_verdict systemd_file(const struct file_rule *rule)
{
	if (rule->access & FILE_DENY)
		return ENFORCED;
	if (rule->access & FILE_WRITE)
		return strcmp(rule->path, "/") == 0
			       ? LOST("ProtectSystem=strict keeps the root read-only")
			       : ENFORCED;
	if (rule->access & FILE_EXEC)
		return LOST("which programs may be executed is not said");
	return LOST("all that the service's user may read is readable");
}

static struct target_verdict no_file(const struct file_rule *rule)
{
	(void)rule;
	return LOST("says nothing of files");
}

static struct target_verdict cgroup_limit(enum limit_bit bit)
{
	switch (bit) {
	case LIMIT_MEMORY:
	case LIMIT_PIDS:
	case LIMIT_CPUS:
		return ENFORCED;
	case LIMIT_WALL:
	case LIMIT_NOFILE:
	case LIMIT_TMP:
	case LIMIT_FSIZE:
		break;
	}
	return (struct target_verdict){ TARGET_NA, NULL };
}

static struct target_verdict rlimits_limit(enum limit_bit bit)
{
	switch (bit) {
	case LIMIT_MEMORY:
		return WEAKENED("of each process, not of all together");
	case LIMIT_CPUS:
		return LOST("needs a cgroup");
	case LIMIT_PIDS:
	case LIMIT_NOFILE:
	case LIMIT_FSIZE:
		return ENFORCED;
	case LIMIT_WALL:
	case LIMIT_TMP:
		break;
	}
	return (struct target_verdict){ TARGET_NA, NULL };
}

static struct target_verdict mounts_limit(enum limit_bit bit)
{
	if (bit == LIMIT_TMP)
		return ENFORCED;
	return (struct target_verdict){ TARGET_NA, NULL };
}

static struct target_verdict systemd_limit(enum limit_bit bit)
{
	if (bit == LIMIT_TMP)
		return LOST("PrivateTmp has no size");
	return ENFORCED;
}

const struct target targets[] = {
	/* clang-format off */
	{ "seccomp",  "immure's own filter",                    seccomp_call, NULL,          NULL },
	{ "mounts",   "what the sandbox's root shows",          NULL,         mounts_file,   mounts_limit },
	{ "landlock", "path rules beneath the mounts",          NULL,         landlock_file, NULL },
	{ "apparmor", "a profile, where AppArmor is on",        apparmor_call, apparmor_file, NULL },
	{ "selinux",  "a module, where SELinux is on",          selinux_call, selinux_file,  NULL },
	{ "cgroup",   "limits, where one is delegated",         NULL,         NULL,          cgroup_limit },
	{ "rlimits",  "limits of each process",                 NULL,         NULL,          rlimits_limit },
	{ "network",  "families and types of sockets",          network_call, NULL,          NULL },
	{ "oci",      "seccomp JSON for podman, crun, runc",    oci_call,     no_file,       NULL },
	{ "systemd",  "a drop-in for a service",                systemd_call, systemd_file,  systemd_limit },
	/* clang-format on */
};
const size_t n_targets = ARRAY_LEN(targets);

const char *target_state_name(enum target_state state)
{
	static const char *const names[] = { "-", "enforced", "weakened", "lost" };

	return names[state];
}
