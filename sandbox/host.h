/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_HOST_H
#define IMMURE_SANDBOX_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/procfs.h"
#include "sandbox/host_cgroup.h"
#include "sandbox/host_lsm.h"

/* What this machine and this caller offer. Read once; pure data from then on. */
struct host {
	uint32_t uid, gid; /* effective, of the caller */
	const char *user;  /* name in /etc/passwd, or the number */
	bool is_root;      /* effective uid 0 with CAP_SYS_ADMIN in its namespace */
	uint32_t n_groups; /* supplementary groups besides gid */
	bool has_subuid, has_subgid;
	struct proc_idmap subuid, subgid; /* inside is 0 */
	bool has_newidmap;                /* newuidmap and newgidmap are installed */
	int landlock_abi;                 /* 0: none */
	bool seccomp_filter;              /* seccomp(2) with filters */
	bool seccomp_notify;              /* SECCOMP_RET_USER_NOTIF */
	bool seccomp_wait_killable;       /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19 */
	uint64_t max_user_namespaces;     /* 0: forbidden */
	bool userns_clone; /* Debian's kernel.unprivileged_userns_clone; true if absent */
	struct host_cgroup cgroup;
	const char *release; /* uname -r */
	struct host_lsm lsm_facts;
	const char *lsm; /* comma list, "" if it cannot be read */
};

/*
 * Read the facts a launch needs.
 *
 *   arena  owns the texts
 * Returns   0, or -errno: what cannot be read counts as absent, so only -ENOMEM is left.
 * Effects   reads /proc, /sys, /etc; opens nothing that stays open.
 */
must_check int host_read(struct arena *arena, struct host *ret, struct err *err);

/* The facts that only `immure doctor` tells: fills host->lsm. */
must_check int host_read_more(struct arena *arena, struct host *host, struct err *err);

#endif
