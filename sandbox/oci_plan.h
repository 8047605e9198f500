/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_PLAN_H
#define IMMURE_SANDBOX_OCI_PLAN_H

/*
 * The plan of a container that an engine asks for. An OCI bundle may ask for much that `struct
 * plan` never grants (capabilities, host namespaces, any mount in any order), so it is a plan of
 * its own, applied by oci_confine.c. Plain data in one arena; nothing is done yet.
 * Source: OCI runtime-spec 1.3, config.md and config-linux.md.
 */

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/procfs.h"
#include "sandbox/plan.h"

enum oci_ns {
	OCI_NS_MOUNT,
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_COUNT,
};

/* The kernel's CLONE_NEW* bit, the file below /proc/PID/ns, and the bundle's word for each. */
extern const struct oci_ns_row {
	uint64_t flag;
	const char *file, *name;
} oci_ns_rows[OCI_NS_COUNT];

struct oci_ns_plan {
	bool asked;       /* else the caller's own */
	const char *path; /* join this one; NULL: a new one */
};

#define OCI_IDMAPS_MAX 340 /* what the kernel takes */

struct oci_idmaps {
	size_t n;
	const struct proc_idmap *maps;
};

enum oci_mount_kind {
	OCI_MOUNT_BIND,
	OCI_MOUNT_FS,     /* a new file system of `type` */
	OCI_MOUNT_CGROUP, /* the container's own part of the cgroup tree */
};

struct oci_mount {
	enum oci_mount_kind kind;
	const char *target;          /* clean, absolute, inside */
	const char *source;          /* bind: host path; else what mountinfo shows */
	const char *type;            /* file system */
	bool recursive;              /* rbind */
	uint64_t set, clear;         /* MOUNT_ATTR_* of the mount itself */
	uint64_t set_all, clear_all; /* and of all below it ("rro") */
	unsigned propagation;        /* MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE; 0: leave */
	bool propagate_all;          /* "rprivate" and the like */
	bool copy_up;                /* "tmpcopyup": what the root has there is copied in */
	bool no_follow;              /* "src-nofollow" is not followed at the source */
	const char *const *options;  /* name, value or NULL, ..., NULL: for fsconfig(2) */
	bool idmapped, idmap_all;
	struct oci_idmaps uids, gids; /* of an id-mapped mount; empty: the container's */
};

struct oci_device {
	const char *path; /* clean, absolute, inside */
	char type;        /* 'c', 'b', 'p' */
	uint32_t major, minor;
	mode_t mode;
	uint32_t uid, gid;
};

/* One line of linux.resources.devices; -1: any. */
struct oci_device_rule {
	int64_t major, minor;
	char type; /* 'a', 'b', 'c' */
	bool allow;
	bool read, write, make;
};

struct oci_rlimit {
	int resource;
	uint64_t soft, hard;
};

enum oci_cap_set {
	OCI_CAP_BOUNDING,
	OCI_CAP_EFFECTIVE,
	OCI_CAP_INHERITABLE,
	OCI_CAP_PERMITTED,
	OCI_CAP_AMBIENT,
	OCI_CAP_COUNT,
};

struct oci_scheduler {
	bool set;
	uint32_t policy;
	int32_t nice;
	uint32_t priority;
	uint64_t flags, runtime, deadline, period;
};

/* What starts in a container: its first process, or one that exec adds. */
struct oci_process {
	const char *const *args; /* NULL-terminated, at least one */
	const char *const *env;
	const char *cwd;
	uint32_t uid, gid;
	size_t n_groups;
	const gid_t *groups;
	bool has_umask;
	mode_t umask;
	bool terminal;
	uint16_t rows, columns;
	bool no_new_privs;
	uint64_t caps[OCI_CAP_COUNT]; /* bits 1 << CAP_*; empty unless given */
	const char *unknown_cap;      /* one that was asked for and is none, or NULL */
	size_t n_rlimits;
	const struct oci_rlimit *rlimits;
	bool has_oom_score_adj;
	int oom_score_adj;
	const char *apparmor, *selinux; /* NULL or "": none */
	struct oci_scheduler scheduler;
	int ioprio; /* -1: leave */
};

/* One key = value pair: a sysctl, a file of cgroup v2, an annotation. */
struct oci_pair {
	const char *key, *value;
};

struct oci_pairs {
	size_t n;
	const struct oci_pair *items;
};

enum oci_hook_point {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_COUNT,
};

struct oci_hook {
	const char *path;
	const char *const *args; /* NULL-terminated; NULL: just the path */
	const char *const *env;
	uint32_t timeout; /* seconds; 0: none */
};

struct oci_hooks {
	size_t n;
	const struct oci_hook *items;
};

struct oci_program {
	size_t n; /* 0: none */
	const struct sock_filter *code;
};

struct oci_seccomp {
	struct oci_program floor, bundle;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* of the bundle's */
	const char *listener_path, *listener_metadata;
};

/* Limits that cgroup v2 has: its own words, so that they are data here. */
struct oci_resources {
	struct oci_pairs files; /* "memory.max" = "1048576" ... in the order to be written */
	size_t n_devices;
	const struct oci_device_rule *devices;
	bool has_devices; /* else every device may be used, as the specification has it */
};

struct oci_plan {
	const char *id;
	const char *version;               /* ociVersion of the bundle */
	const char *bundle;                /* absolute */
	const char *root;                  /* absolute */
	const char *hostname, *domainname; /* NULL: leave */
	struct oci_ns_plan ns[OCI_NS_COUNT];
	struct oci_idmaps uids, gids;
	struct oci_process process;
	size_t n_mounts;
	const struct oci_mount *mounts;
	size_t n_devices;
	const struct oci_device *devices;
	size_t n_masked, n_readonly;
	const char *const *masked, *const *readonly;
	struct oci_pairs sysctl, annotations;
	struct oci_pairs time_offsets; /* "monotonic" = "SECONDS NANOSECONDS" */
	struct oci_hooks hooks[OCI_HOOK_COUNT];
	struct oci_seccomp seccomp;
	struct oci_resources resources;
	struct plan *policy;      /* the administrator's, see oci_policy.h; NULL: none */
	const char *cgroups_path; /* as the bundle has it; NULL: we choose */
	unsigned long personality;
	const char *mount_label;   /* SELinux context= of file systems; NULL: none */
	unsigned root_propagation; /* MS_* with MS_REC; 0: MS_SLAVE | MS_REC */
	int preserve_fds;          /* the caller's: 3 .. 3 + n - 1 pass */
	bool has_process, has_personality, root_readonly;
	uint32_t degraded;   /* layers that the policy may require in vain: bits 1 << enum layer */
	bool floor;          /* immure's floor holds */
	bool new_keyring;    /* --no-new-keyring was not given */
	bool in_host_userns; /* root here is root on the host, and no new user namespace */
};

/*
 * Hold the plan against immure's floor: what an engine may not have unless `--floor off` is given.
 *
 *   arena  owns what is added: masks, notes
 *
 * Returns   0, or -EPERM: the bundle asks for something that the floor refuses (the message says
 *           what, and that --floor off would allow it).
 * Effects   none; adds what the floor adds to *plan
 */
must_check int oci_floor_check(struct oci_plan *plan, struct arena *arena, struct err *err);

/* The same for a process that exec adds. */
must_check int oci_floor_check_process(const struct oci_plan *plan,
				       const struct oci_process *process, struct err *err);

/* True for a sysctl that belongs to a namespace the container has of its own. */
bool oci_sysctl_is_own(const struct oci_plan *plan, const char *key);

#endif
