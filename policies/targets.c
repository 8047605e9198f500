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

/* The BPF LSM asks about the object, too: it needs a hook that the call comes by. */
static struct target_verdict bpf_call(const struct syscall_rule *rule)
{
	static const char *const by_value[] = { "ioctl", "prctl" };
	static const char *const seen[] = {
		"add_key",   "bpf",         "chmod",          "chroot",          "clock_settime",
		"fchmod",    "fchmodat",    "io_uring_setup", "ioctl",           "ioprio_set",
		"keyctl",    "kill",        "listmount",      "memfd_secret",    "migrate_pages",
		"mount",     "move_mount",  "msgget",         "perf_event_open", "pivot_root",
		"prctl",     "ptrace",      "quotactl",       "request_key",     "sched_setattr",
		"semget",    "setpriority", "setxattr",       "shmget",          "socket",
		"statmount", "syslog",      "umount2",        "userfaultfd"
	};

	if (!names_any(rule, seen, ARRAY_LEN(seen)))
		return (struct target_verdict){ TARGET_NA, NULL };
	if (rule->cond && !names_any(rule, by_value, ARRAY_LEN(by_value)))
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
	if (rule->access == FILE_LIST)
		return WEAKENED(
			"by the types of its part of the tree, whose files may be read, too");
	return WEAKENED("by the types of its part of the tree, not by path");
}

static struct target_verdict bpf_file(const struct file_rule *rule)
{
	if (rule->access & FILE_DENY)
		return LOST("cannot take away below a grant: the mask mount holds it");
	if (rule->access & FILE_WRITE)
		return WEAKENED("what is opened, not what is made, removed or renamed");
	return ENFORCED;
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
	case LIMIT_IO:
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
	case LIMIT_IO:
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
	if (bit == LIMIT_IO)
		return WEAKENED("of the disk that holds the root, not of each");
	return ENFORCED;
}

static struct target_verdict network_net(const struct net_rule *rule)
{
	if (rule->program)
		return WEAKENED("every program of the sandbox may");
	if (rule->to.host == NET_NAME)
		return WEAKENED(
			"the addresses that the name has at the start, and every name there");
	return ENFORCED;
}

static struct target_verdict landlock_net(const struct net_rule *rule)
{
	if (rule->verb == NET_DENY)
		return LOST("cannot take away: the network table holds it");
	if (!(rule->protocols & NET_TCP))
		return WEAKENED("by port, from ABI 10; on older kernels the network table alone");
	if (rule->protocols != NET_TCP)
		return WEAKENED("by port, TCP from ABI 4, UDP from ABI 10");
	if (rule->to.host != NET_ANY)
		return WEAKENED("by port, from ABI 4, whatever the address");
	return ENFORCED;
}

static struct target_verdict lsm_net(const struct net_rule *rule)
{
	(void)rule;
	return WEAKENED("families and types of sockets, not addresses and ports");
}

static struct target_verdict bpf_net(const struct net_rule *rule)
{
	(void)rule;
	return LOST("knows only whether there is a network at all");
}

static struct target_verdict no_net(const struct net_rule *rule)
{
	(void)rule;
	return LOST("says nothing of addresses and ports");
}

static struct target_verdict systemd_net(const struct net_rule *rule)
{
	if (rule->verb == NET_LISTEN)
		return rule->to.host == NET_ANY ? ENFORCED : WEAKENED("the port, on every address");
	if (rule->verb == NET_DENY)
		return WEAKENED("whatever the port, and a prefix that is allowed wins");
	if (rule->to.host == NET_NAME || rule->to.host == NET_RESOLVED)
		return LOST("names are not looked up");
	return WEAKENED("by address, whatever the port");
}

const struct target targets[] = {
	/* clang-format off */
	{ "seccomp",  "immure's own filter",                   seccomp_call, NULL,          NULL,          NULL },
	{ "mounts",   "what the sandbox's root shows",         NULL,         mounts_file,   mounts_limit,  NULL },
	{ "landlock", "path rules beneath the mounts",         NULL,         landlock_file, NULL,          landlock_net },
	{ "apparmor", "a profile, where AppArmor is on",       apparmor_call, apparmor_file, NULL,          lsm_net },
	{ "selinux",  "a module, where SELinux is on",         selinux_call, selinux_file,  NULL,          lsm_net },
	{ "bpf",      "refused by the BPF LSM, with --guard",  bpf_call,     bpf_file,      NULL,          bpf_net },
	{ "cgroup",   "limits, where one is delegated",        NULL,         NULL,          cgroup_limit,  NULL },
	{ "rlimits",  "limits of each process",                NULL,         NULL,          rlimits_limit, NULL },
	{ "network",  "the table of a private network",        network_call, NULL,          NULL,          network_net },
	{ "oci",      "seccomp JSON for podman, crun, runc",   oci_call,     no_file,       NULL,          no_net },
	{ "systemd",  "a drop-in for a service",               systemd_call, systemd_file,  systemd_limit, systemd_net },
	/* clang-format on */
};
const size_t n_targets = ARRAY_LEN(targets);

const char *target_state_name(enum target_state state)
{
	static const char *const names[] = { "-", "enforced", "weakened", "lost" };

	return names[state];
}
