/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_PROCFS_H
#define IMMURE_BASE_PROCFS_H

/* Readers of the text of /proc and of /etc/subuid. Pure: bytes in, plain data out; fuzzed. */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* What matters of /proc/PID/status. Source: proc(5), Documentation/filesystems/proc.rst. */
struct proc_status {
	char name[64]; /* as the kernel escapes it */
	char state;    /* R, S, Z, ... */
	uint32_t pid, ppid, tgid, threads;
	uint32_t fd_size;        /* room in the descriptor table; it never shrinks */
	uint32_t uid[4], gid[4]; /* real, effective, saved, file system */
	uint32_t n_groups;
	uint64_t cap_inh, cap_prm, cap_eff, cap_bnd, cap_amb;
	uint64_t sig_ign, sig_cgt;
	uint64_t vm_hwm_kib, vm_peak_kib, vm_size_kib, vm_data_kib;
	int no_new_privs; /* 0, 1, or -1 if the line was absent */
	int seccomp;      /* 0 none, 1 strict, 2 filter, -1 absent */
	uint32_t n_seccomp_filters;
};
must_check int proc_status_parse(struct span text, struct proc_status *ret, struct err *err);
/* Every capability that is in any of its sets. */
uint64_t proc_status_caps(const struct proc_status *status);

/*
 * A number of /proc/PID/stat by its place in proc(5), from 4 on; behind the name, which may hold
 * anything.
 *
 *   ret_state  its letter, 'Z' for one that nobody has waited for yet
 *
 * Returns   0, or -EINVAL. Results are touched on success only.
 */
must_check int proc_stat_field(struct span text, int field, char *ret_state, uint64_t *ret);

/* One line of /proc/PID/mountinfo; the texts are un-escaped (\040) and live in the arena. */
struct proc_mount {
	uint32_t id, parent, major, minor;
	const char *root, *point, *options, *optional, *fstype, *source, *super_options;
};
must_check int proc_mountinfo_parse(struct span text, struct arena *arena, struct proc_mount **ret,
				    size_t *ret_n, struct err *err);

/* One line of uid_map or gid_map: `count` ids from `inside` are `outside` in the parent. */
struct proc_idmap {
	uint32_t inside, outside, count;
};
/* Returns how many lines there were (at most cap), or -EINVAL, -ERANGE, -E2BIG. */
must_check int proc_idmap_parse(struct span text, struct proc_idmap *ret, size_t cap,
				struct err *err);

/*
 * Find the largest range of /etc/subuid or /etc/subgid that belongs to `name` or to `uid`.
 * Source: subuid(5). Malformed lines are skipped, as newuidmap does.
 *
 * Returns   1 and *ret (inside = 0), or 0 when there is none.
 */
int subid_find(struct span text, const char *name, uint32_t uid, struct proc_idmap *ret);

/* The path of the "0::" line of /proc/self/cgroup, or an empty span. */
struct span cgroup_v2_path(struct span text);

#endif
