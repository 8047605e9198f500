/* SPDX-License-Identifier: Apache-2.0 */
/* What no bundle gets by asking. Pure. The list is in immure-oci(1), "The floor". */
#include <linux/capability.h>
#include <string.h>

#include "base/path.h"
#include "sandbox/oci_plan.h"

#define BIT(cap) (UINT64_C(1) << (cap))

/*
 * With these, root of the host's own user namespace reaches past the container: kernel code, raw
 * memory and disks, other processes' programs, the machine's clock and power, its logs and policy.
 */
static const struct {
	int cap;
	const char *name;
} refused_caps[] = {
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	{ CAP_SYS_MODULE, "CAP_SYS_MODULE" },
	{ CAP_SYS_RAWIO, "CAP_SYS_RAWIO" },
	{ CAP_SYS_BOOT, "CAP_SYS_BOOT" },
	{ CAP_SYS_TIME, "CAP_SYS_TIME" },
	{ CAP_MAC_ADMIN, "CAP_MAC_ADMIN" },
	{ CAP_MAC_OVERRIDE, "CAP_MAC_OVERRIDE" },
	{ CAP_SYSLOG, "CAP_SYSLOG" },
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	{ CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE" },
};

/* Hidden even when the bundle forgets them. Source: containment facts, R4 */
static const char *const always_masked[] = {
	"/proc/acpi",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/kernel/security",
	"/sys/devices/virtual/powercap",
	"/sys/kernel/debug",
	"/sys/kernel/tracing",
};
static const char *const always_readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

/* Namespaced in the network, ipc or uts namespace. Source: namespaces(7), sysctl documentation */
static const struct {
	const char *prefix;
	enum oci_ns ns;
} own_sysctls[] = {
	{ "net.", OCI_NS_NETWORK },        { "fs.mqueue.", OCI_NS_IPC },
	{ "kernel.msgmax", OCI_NS_IPC },   { "kernel.msgmnb", OCI_NS_IPC },
	{ "kernel.msgmni", OCI_NS_IPC },   { "kernel.sem", OCI_NS_IPC },
	{ "kernel.shmall", OCI_NS_IPC },   { "kernel.shmmax", OCI_NS_IPC },
	{ "kernel.shmmni", OCI_NS_IPC },   { "kernel.shm_rmid_forced", OCI_NS_IPC },
	{ "kernel.hostname", OCI_NS_UTS }, { "kernel.domainname", OCI_NS_UTS },
	{ "user.", OCI_NS_USER },
};

bool oci_sysctl_is_own(const struct oci_plan *plan, const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(own_sysctls); i++) {
		size_t n = strlen(own_sysctls[i].prefix);
		bool is_prefix = own_sysctls[i].prefix[n - 1] == '.';

		if (strncmp(key, own_sysctls[i].prefix, n) == 0 && (is_prefix || key[n] == '\0'))
			return plan->ns[own_sysctls[i].ns].asked;
	}
	return false;
}

int oci_floor_check_process(const struct oci_plan *plan, const struct oci_process *process,
			    struct err *err)
{
	uint64_t all = 0;

	if (!plan->floor || !plan->in_host_userns)
		return 0;
	for (size_t set = 0; set < OCI_CAP_COUNT; set++)
		all |= process->caps[set];
	for (size_t i = 0; i < ARRAY_LEN(refused_caps); i++) {
		if (all & BIT(refused_caps[i].cap))
			return err_set(
				err, EPERM,
				"the floor refuses %s without a user namespace of the container's own: --floor off allows it",
				refused_caps[i].name);
	}
	return 0;
}

/* Whole disks and the machine's memory, by their numbers. Source:
 * Documentation/admin-guide/devices.txt
 */
static bool is_refused_device(char type, int64_t major, int64_t minor)
{
	if (type == 'b' || type == 'a')
		return true;
	if (type != 'c')
		return false;
	if (major == 1) /* mem, kmem, port, kmsg */
		return minor == 1 || minor == 2 || minor == 4 || minor == 11;
	return major == -1;
}

static int check_devices(const struct oci_plan *plan, struct err *err)
{
	if (!plan->in_host_userns)
		return 0;
	for (size_t i = 0; i < plan->n_devices; i++) {
		const struct oci_device *d = &plan->devices[i];

		if (is_refused_device(d->type, d->major, d->minor))
			return err_set(
				err, EPERM,
				"the floor refuses the device %s (%c %u:%u): --floor off allows it",
				d->path, d->type, d->major, d->minor);
	}
	for (size_t i = 0; i < plan->resources.n_devices; i++) {
		const struct oci_device_rule *rule = &plan->resources.devices[i];

		if (rule->allow && (rule->read || rule->write) &&
		    is_refused_device(rule->type, rule->major, rule->minor))
			return err_set(
				err, EPERM,
				"the floor refuses to allow devices \"%c %lld:%lld\": --floor off allows it",
				rule->type, (long long)rule->major, (long long)rule->minor);
	}
	return 0;
}

static int check_sysctl(const struct oci_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->sysctl.n; i++) {
		const char *key = plan->sysctl.items[i].key;

		if (!oci_sysctl_is_own(plan, key))
			return err_set(
				err, EPERM,
				"the floor refuses the sysctl %s: it belongs to no namespace of the container's own",
				key);
	}
	return 0;
}

static bool has(const char *const *list, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], path) == 0)
			return true;
	}
	return false;
}

/* The bundle's own first, then what it forgot. */
static int join(struct arena *arena, const char *const *more, size_t n_more,
		const char *const **list, size_t *n)
{
	const char **joined = arena_array(arena, *n + n_more, sizeof(*joined));

	if (!joined)
		return -ENOMEM;
	for (size_t i = 0; i < *n; i++)
		joined[i] = (*list)[i];
	for (size_t i = 0; i < n_more; i++) {
		if (!has(joined, *n, more[i]))
			joined[(*n)++] = more[i];
	}
	*list = joined;
	return 0;
}

/* A bind of the host's /proc or /sys is the engine's way without a namespace of its own. */
static bool mounts_fs_at(const struct oci_plan *plan, const char *target, const char *type)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct oci_mount *m = &plan->mounts[i];

		if (strcmp(m->target, target) == 0)
			return m->kind == OCI_MOUNT_BIND || strcmp(m->type, type) == 0;
	}
	return false;
}

int oci_floor_check(struct oci_plan *plan, struct arena *arena, struct err *err)
{
	size_t n_readonly = ARRAY_LEN(always_readonly);
	int r;

	if (!plan->floor)
		return 0;
	r = oci_floor_check_process(plan, &plan->process, err);
	if (r == 0)
		r = check_devices(plan, err);
	if (r == 0)
		r = check_sysctl(plan, err);
	if (r < 0)
		return r;
	if (!mounts_fs_at(plan, "/proc", "proc") && !mounts_fs_at(plan, "/sys", "sysfs"))
		return 0;
	if (join(arena, always_masked, ARRAY_LEN(always_masked), &plan->masked, &plan->n_masked) <
		    0 ||
	    join(arena, always_readonly, n_readonly, &plan->readonly, &plan->n_readonly) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}
