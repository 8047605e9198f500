/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_STEPS_H
#define IMMURE_SANDBOX_OCI_STEPS_H

/* The steps of oci_confine.c, in the child only. Each changes this process for good. */

#include "base/arena.h"
#include "base/err.h"
#include "sandbox/oci_confine.h"

/* What the steps hand to one another; descriptors are close-on-exec. */
struct oci_child {
	const struct oci_plan *plan;
	const struct oci_process *process;
	const struct oci_child_fds *fds;
	struct oci_child_fds own; /* what we opened ourselves */
	struct arena arena;
	struct oci_page *page; /* of a container's first process, else NULL */
	struct oci_page *told; /* with a policy: the same, or exec's */
	int root;              /* the new root, attached */
	int scratch;           /* a tmpfs of ours: the sources of masks */
	int label;             /* where the LSM's label for execve(2) is written; -1 */
	const char *label_text;
	bool rlimits_left; /* we may not set them ourselves */
};

typedef int (*oci_step_fn)(struct oci_child *c, struct err *err);

int oci_idmap_apply(struct oci_child *c, struct err *err);
int oci_self_apply(struct oci_child *c, struct err *err);    /* oom score, label, not dumpable */
int oci_session_apply(struct oci_child *c, struct err *err); /* session, names, keyring, network */
int oci_hooks_apply(struct oci_child *c, struct err *err);   /* the creator's, then our own */
int oci_sources_apply(struct oci_child *c, struct err *err); /* open what the bundle names */
int oci_root_apply(struct oci_child *c, struct err *err);
int oci_mounts_apply(struct oci_child *c, struct err *err);
int oci_devices_apply(struct oci_child *c, struct err *err);
int oci_console_apply(struct oci_child *c, struct err *err);
int oci_masks_apply(struct oci_child *c, struct err *err);
int oci_sysctl_apply(struct oci_child *c, struct err *err);
int oci_pivot_apply(struct oci_child *c, struct err *err);
int oci_nslimits_apply(struct oci_child *c, struct err *err);
int oci_mountinfo_apply(struct oci_child *c, struct err *err); /* shown to the monitor */
int oci_schedule_apply(struct oci_child *c, struct err *err);  /* scheduler, io, personality */
int oci_identity_apply(struct oci_child *c, struct err *err);  /* bounding set, groups, user, cwd */
int oci_fds_apply(struct oci_child *c, struct err *err);

/* The last: path rules of a policy; label, filters, capabilities; the policy's own filter. */
int oci_fsrules_apply(struct oci_child *c, struct err *err);
int oci_privileges_apply(struct oci_child *c, struct err *err);
int oci_filter_apply(struct oci_child *c, struct err *err);

/* Install a filter. Returns 0, or with SECCOMP_FILTER_FLAG_NEW_LISTENER its descriptor. */
must_check int oci_program_load(const struct oci_program *program, unsigned flags, struct err *err);

/*
 * Open `path` in the root as a place to mount on, made if it is missing. Links inside are followed
 * and cannot lead out; with `strict` there may be none (R3).
 */
must_check int oci_target_open(int root, const char *path, bool is_dir, bool strict,
			       struct err *err);

/* Copy what is below `from` into the empty directory `to`: folders, files, links. */
must_check int oci_copy_tree(int from, int to, struct err *err);

/*
 * Run the hooks of one point, one after the other, with `state` on their standard input.
 *
 *   all  those behind one that fails, too
 */
must_check int oci_hooks_run(const struct oci_hooks *hooks, const char *state, bool all,
			     struct err *err);

/* What a hook reads: the state of the container. Appends JSON to *out. */
struct strbuf;
void oci_state_json(const struct oci_plan *plan, const char *status, pid_t pid, struct strbuf *out);

#endif
