/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_CONFINE_H
#define IMMURE_SANDBOX_OCI_CONFINE_H

/*
 * The child's side of a container: from a copy of the runtime to the container's process. It talks
 * with its creator over a socket, holds a lock while it is "created", and listens for `start`.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "sandbox/oci_plan.h"

/* What creator and child say to one another: fixed records on a SOCK_SEQPACKET pair. */
enum oci_word_kind {
	OCI_SAY_HOOKS = 1, /* child: the namespaces are there, prestart and createRuntime are due */
	OCI_SAY_READY,     /* child: confined as far as it goes without `start` */
	OCI_SAY_FAILED,    /* child: err says what */
	OCI_SAY_GO,        /* creator: go on */
};

struct oci_say {
	uint32_t kind;         /* enum oci_word_kind */
	uint32_t rlimits_left; /* OCI_SAY_READY: the creator is to set them */
	struct err err;
};

/* Descriptors that the creator opened; -1 where there is none. */
struct oci_child_fds {
	int creator;       /* struct oci_say; its end is the creator's end */
	int start;         /* listening socket for `start`; -1: go on at once */
	int lock;          /* locked as long as the container is "created" */
	int console;       /* connected: gets the terminal's master */
	int listener;      /* connected: gets the seccomp notification descriptor */
	int monitor;       /* with a policy: struct oci_say with who watches over us */
	int cgroup_ns;     /* of the cgroup namespace to join, or a pidfd; see join_cgroup_ns() */
	int proc;          /* the host's /proc, verified */
	int root;          /* detached tree of the root file system */
	int cgroup_tree;   /* detached tree of the container's cgroup, for mounts of it */
	const int *mounts; /* n_mounts: detached trees of bind mounts; -1: not a bind mount */
};

/*
 * One page that creator, stage, child and monitor share. The last four are of a container with a
 * policy: behind its filter the child makes no call but execve(2), and since it shares its
 * descriptor table with the monitor until then, a number is all that has to be told.
 */
struct oci_page {
	uint32_t mapped; /* futex: the id maps are written */
	uint32_t made;   /* futex: child or err is set */
	int32_t stage;   /* process number of the stage, our child */
	int32_t child;   /* by the stage: process number of the child as the creator sees it */
	struct err err;  /* of the stage, or why execve(2) failed */
	char run[16];    /* id of the record of the run; by the monitor */

	uint32_t confined; /* futex: all is in place but the policy's filter */
	uint32_t go;       /* futex: the monitor has read what there is */
	uint32_t filtered; /* the filter is on, `listener` is its descriptor */
	uint32_t failed;   /* execve(2) failed */
	int32_t listener;
	int32_t mountinfo; /* opened after the last mount */
	int32_t file;      /* what the program's name leads to at `start` (O_PATH), or -1 */
	struct timespec file_changed; /* its inode, then */
	int32_t caller;               /* of `start`; it is told by its end that the program runs */
};

/*
 * In the first process of a container: build what it sees, wait for `start`, execute.
 *
 * Returns   only if it failed before it could tell by itself; the caller must _exit(127).
 * Effects   changes this process for good.
 */
void oci_confine_container(const struct oci_plan *plan, const struct oci_child_fds *fds,
			   struct oci_page *page);

/* In a process that exec adds: it is in the namespaces already. */
void oci_confine_process(const struct oci_plan *plan, const struct oci_process *process,
			 const struct oci_child_fds *fds, struct oci_page *page);

/* One record, whole. Returns 0, -EPIPE (the other side is gone), -EPROTO. */
must_check int oci_say(int fd, enum oci_word_kind kind, const struct err *told);
must_check int oci_say_ready(int fd, bool rlimits_left);
must_check int oci_hear(int fd, struct oci_say *ret);

/* A descriptor over a connected Unix socket, with a text (SCM_RIGHTS). Returns 0 or -errno. */
must_check int oci_send_fd(int socket, int fd, const void *text, size_t n);

#endif
