/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_STEPS_H
#define IMMURE_SANDBOX_STEPS_H

/*
 * The steps of confine.c. Each changes the calling process for good, or what it sees, and may be
 * called in the child only, in the order of the table.
 */

#include <limits.h>
#include <linux/securebits.h>
#include <stdbool.h>

#include "base/err.h"
#include "sandbox/confine.h"
#include "sandbox/plan.h"

/* What the steps hand to one another. Descriptors are close-on-exec and end with execve(2). */
struct confine {
	const struct plan *plan;
	const struct confine_fds *fds;
	struct confine_page *page;
	int scratch;       /* a tmpfs of ours below the old root: mask sources, overlay layers */
	int root;          /* the new root */
	int proc;          /* our procfs, verified and pinned (R4) */
	int sys_user;      /* /proc/sys/user of it, opened while writable */
	int ruleset;       /* of Landlock, until it is applied */
	bool ours;         /* names may be made in the root: it is a tmpfs or an overlay of ours */
	int program_pidfd; /* known to the program's process, which has our memory */
	char program[PATH_MAX]; /* what is executed, as found inside */
};

typedef int (*confine_step_fn)(struct confine *c, struct err *err);

int deathsig_apply(struct confine *c, struct err *err);   /* die with the supervisor */
int side_begin_apply(struct confine *c, struct err *err); /* a thread waits in the kernel for us */
int idmap_apply(struct confine *c, struct err *err);   /* maps are in place, ids are mapped ones */
int scratch_apply(struct confine *c, struct err *err); /* our private tmpfs */
int rootfs_apply(struct confine *c, struct err *err);  /* the new root, attached, still writable */
int mounts_apply(struct confine *c, struct err *err);  /* host views, volumes, tmpfs */
int devices_apply(struct confine *c, struct err *err); /* /dev of ours */
int procmount_apply(struct confine *c, struct err *err); /* /proc, what is not shown hidden */
int side_join_apply(struct confine *c, struct err *err); /* it has ended; we are in its namespace */
int settle_apply(struct confine *c, struct err *err);    /* the old root is gone: checked */
int uplink_apply(struct confine *c, struct err *err);    /* a private network's way out is there */
int nslimits_apply(struct confine *c, struct err *err);  /* no further namespaces (R9) */
int masks_apply(struct confine *c, struct err *err);     /* paths the policy denies */
int copy_up_apply(struct confine *c, struct err *err);   /* fill a volume instead of running */
int pivot_apply(struct confine *c, struct err *err);     /* the root is another, read-only */
int terminal_apply(struct confine *c, struct err *err);  /* pseudo terminal of the new /dev/pts */
int session_apply(struct confine *c, struct err *err);   /* session, host name, keyring, signals */
int rlimits_apply(struct confine *c, struct err *err);
int ids_apply(struct confine *c, struct err *err);       /* user and groups of the workload */
int caps_apply(struct confine *c, struct err *err);      /* every set empty, NOROOT locked */
int nnp_apply(struct confine *c, struct err *err);       /* no_new_privs */
int label_apply(struct confine *c, struct err *err);     /* the label that execve(2) will give */
int fsrules_prepare(struct confine *c, struct err *err); /* Landlock's rules for the new root */
int fsrules_apply(struct confine *c, struct err *err);   /* Landlock */
int workdir_apply(struct confine *c, struct err *err);
int fds_apply(struct confine *c, struct err *err);      /* all but 0, 1, 2 close on exec */
int ready_apply(struct confine *c, struct err *err);    /* tell the supervisor, wait for its go */
int dumpable_apply(struct confine *c, struct err *err); /* nobody may look into us (R6) */
int filter_apply(struct confine *c, struct err *err);   /* seccomp: the last one */

/*
 * Become process 1. program(c) is called in a process of its own, in memory and descriptors that
 * are still ours; it must execute or _exit(2), and change nothing else. Returns only if there can
 * be no such process.
 */
int init_start(struct confine *c, int (*program)(void *confine), struct err *err);

/* For a program that process 1 starts later (sandbox/enter.c), too. */

/*
 * A terminal below an open root, its slave on 0, 1 and 2; the master is the caller's to close. It
 * has its size before anybody can ask for it.
 */
must_check int terminal_open(int root, const struct winsize *size, int *ret_master,
			     struct err *err);
/* The working folder; `optional`: "/" if it is not there. */
must_check int workdir_enter(const char *path, bool optional, struct err *err);

/* Secure bits of who shall not gain anything: NOROOT and its companions, and their locks. */
#define CAPS_LOCKED_BITS                                                 \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |   \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED | SECBIT_KEEP_CAPS_LOCKED)

/* For a worker (sandbox/worker.c) instead of caps_apply() and fsrules_apply(). */

/* Keep nothing, or CAP_CHOWN, CAP_DAC_OVERRIDE and CAP_FOWNER over the ids of our namespace. */
must_check int caps_keep_apply(bool over_ids, struct err *err);
/* Landlock where the kernel has it: this folder and nothing else; nothing is executed. */
must_check int fsrules_one_folder_apply(int dir, bool writable, struct err *err);

/* For a container of an engine (sandbox/oci_process.c), too. */

/* Every signal handled by default, none blocked. */
must_check int signals_apply(struct err *err);
/* The loopback interface of our own network namespace up. */
must_check int loopback_apply(struct err *err);

/* Used by several steps. */

/*
 * The root has changed: the old one is taken down, by the thread if there is one. Until
 * side_join_apply() nobody may change the working folder, by which it is found.
 */
must_check int side_leave_old_root(const struct confine *c, struct err *err);
/* Take down what pivot_root(2) left on top of the working folder. */
must_check int root_leave_old(struct err *err);

/* The place to mount on: made if the root is ours, else it must be there, and no link (R3). */
must_check int mount_point_open(const struct confine *c, const char *path, bool is_dir,
				struct err *err);
/* A detached clone of an opened path; flags as open_tree(2). Returns a descriptor or -errno. */
must_check int tree_clone(int fd, const char *path, bool recursive, struct err *err);
/* A new, detached file system; options end with NULL: name, value (NULL: a flag), ... */
must_check int fs_make(const char *type, const char *const *options, unsigned attr,
		       struct err *err);
/* mount_setattr on a detached tree: sets attr, makes it private. */
must_check int tree_restrict(int fd, uint64_t attr, bool recursive, struct err *err);
/* move_mount by descriptors (R2). */
must_check int tree_attach(int tree, int target, struct err *err);
/* tmpfs of bytes and inodes, detached; label: of all in it, for SELinux, or NULL. */
must_check int tmpfs_make_labelled(uint64_t bytes, uint64_t inodes, unsigned mode, unsigned attr,
				   const char *label, struct err *err);
must_check int tmpfs_make(uint64_t bytes, uint64_t inodes, unsigned mode, unsigned attr,
			  struct err *err);
/* Put a tmpfs of ours where it is out of the way: on /proc of the root that is to be left. */
must_check int scratch_attach(int scratch, struct err *err);
/* Make the unreadable file and folder in a tmpfs of ours that stand for what is hidden. */
must_check int mask_sources_make(int scratch, struct err *err);
/* Hide what `target` is behind an empty file or folder that nobody can open (R3). */
must_check int mask_attach(const struct confine *c, int target, bool is_dir, struct err *err);

/* The same with the tmpfs itself. */
must_check int mask_from(int scratch, int target, bool is_dir, struct err *err);
/* Make an attached mount the root; the old one is gone and there is no way back to it. */
must_check int root_pivot(int root, struct err *err);

#endif
