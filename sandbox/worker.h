/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_WORKER_H
#define IMMURE_SANDBOX_WORKER_H

/*
 * A worker is a helper program of ours that reads bytes which nobody trusts (R10): started with
 * nothing but the descriptors it is given, in namespaces of its own, and confined by itself before
 * it reads the first byte: one folder as its root, capabilities over its own ids only, Landlock,
 * limits, and a filter compiled from a policy.
 */

#include <sys/types.h>

#include "base/err.h"
#include "policies/bundle.h"
#include "sandbox/plan.h"

#define WORKER_MAX_FDS 8

struct worker_request {
	const char *program;        /* absolute path */
	char *const *argv;          /* NULL-terminated; the environment is empty */
	const struct plan_ids *ids; /* map of its user namespace: it is 0 inside */
	bool network;               /* stays in the caller's network namespace */
	size_t n_fds;
	int fds[WORKER_MAX_FDS]; /* borrowed; they become 0, 1, 2, ... of the worker */
};

struct worker {
	pid_t pid; /* -1: none */
	int pidfd;
};

/*
 * Start the worker in new user, pid, network, ipc, uts and cgroup namespaces.
 *
 *   ret  filled only on success; ended by worker_wait() or worker_done()
 */
must_check int worker_start(const struct worker_request *request, struct worker *ret,
			    struct err *err);

/* Wait for its end. *ret is a wait status as waitpid(2) gives it. */
must_check int worker_wait(struct worker *worker, int *ret, struct err *err);

/* Kill it if it lives, and reap it. A no-op on { .pid = -1, .pidfd = -1 }. */
void worker_done(struct worker *worker);

struct worker_rules {
	int dir;                     /* becomes the root; -1: an empty, read-only one */
	bool writable;               /* dir may be written to */
	bool over_ids;               /* keep CAP_CHOWN, DAC_OVERRIDE, FOWNER over the mapped ids */
	uint32_t threads;            /* at most, itself included */
	uint64_t file_bytes, memory; /* largest file; address space */
	const struct bundle *bundle; /* its filter */
};

/*
 * In the worker: confine this process for good.
 *
 *   ret_dir  descriptor of the folder as the only mount there is; rules->dir is closed
 *
 * Returns   0, or -errno: the worker must end then.
 */
must_check int worker_confine_apply(const struct worker_rules *rules, int *ret_dir,
				    struct err *err);

#endif
