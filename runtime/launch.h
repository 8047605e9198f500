/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LAUNCH_H
#define IMMURE_RUNTIME_LAUNCH_H

#include <sys/types.h>

#include "base/err.h"
#include "sandbox/cgroup.h"
#include "sandbox/confine.h"
#include "sandbox/plan.h"

#define LAUNCH_MAX_MOUNTS 256

/* Descriptors for the child that only root can make; they stay open while it may need them. */
struct launch_fds {
	int supervisor; /* pidfd of ourselves */
	int kept;       /* the kept layer of an image; -1: none */
	size_t n;
	int mounts[LAUNCH_MAX_MOUNTS]; /* -1 where there is none */
	size_t n_layers;
	int layers[PLAN_MAX_LAYERS]; /* of an image, which others may not enter */
	int enter; /* the side of process 1; both are in the table that we share, until it executes
		    */
};

/* Nothing was launched. */
#define LAUNCHED_NONE                                                     \
	{                                                                 \
		.pid = -1, .pidfd = -1, .program_pidfd = -1, .enter = -1, \
		.cgroup = { .parent = -1, .dir = -1 },                    \
		.fds = {.supervisor = -1,                                 \
			.kept = -1,                                       \
			.enter = -1 }                                     \
	}

/* What the kernel says of processes that have ended. */
struct usage {
	bool known;           /* the program was among them, and all that were waited for */
	uint64_t largest_kib; /* the most memory that one of them held (resident) */
	uint64_t user_us, system_us;
};

/* A child on its way to the workload, and then the workload. */
struct launched {
	pid_t pid; /* process 1 of the sandbox, our child */
	int pidfd;
	pid_t program;             /* process 2, once it is known; else 0 */
	int program_pidfd;         /* how we wait for it and signal it (R15); -1 until then */
	struct confine_page *page; /* shared with the child until it executes */
	struct cgroup cgroup;
	struct launch_fds fds;
	int enter; /* where process 1 takes orders (sandbox/enter.h); -1: it takes none */
	bool reaped;
	bool ended;         /* the program had ended before process 1 did, and was not yet reaped */
	struct usage usage; /* once it is reaped */
};

/*
 * Make the child in its namespaces and map its ids. It confines itself meanwhile and waits for
 * launch_go() before the last step. 0, 1 and 2 are what the workload gets; all signals that the
 * supervisor handles must be blocked by now.
 *
 *   id     of the run
 *   enter  other programs may be started in it later
 *   size   of the terminal that it gets, if the plan has one; zeros: nobody knows
 *   ret    set in any case; on success it is ended by launch_done()
 *
 * Effects   one child process, one shared page; a cgroup where the plan has one
 */
must_check int launch_start(const struct plan *plan, const char *id, bool enter,
			    const struct winsize *size, struct launched *ret, struct err *err);

/*
 * Fill a volume, as plan->copy says, in a process with the plan's ids and layers; waits for it.
 *
 * Returns   1 (something was copied, or the folder got its owner), 0 (there was nothing to do),
 *           -errno: what was copied so far is left.
 */
must_check int launch_copy(const struct plan *plan, struct err *err);

/*
 * With a private network the child waits half-way for its way out. Wait until it does; returns
 * false if it failed or died before. Then let it go on.
 */
bool launch_await_linkable(const struct launched *launched);
void launch_linked(struct launched *launched);

/* Let the child go on to the filter and execve(2). */
void launch_go(struct launched *launched);

/*
 * True once the filter is on: the listener is ours then, and evidence can be read. False while the
 * child is still on its way, or when it failed or died before.
 */
bool launch_is_confined(const struct launched *launched);

/* The number of a process as we see it, which the kernel tells of its pidfd; 0 if it is gone. */
pid_t launch_pid_of(int pidfd);

/*
 * Learn who the program is, as soon as the child has made it.
 *
 * Returns   true once launched->program is known.
 */
bool launch_find_program(struct launched *launched);

/* Until the child has all its namespaces, or is not going to have them. */
void launch_await_network(const struct launched *launched);

/* Wait until there is a program, or until the child has failed or died. */
void launch_await_program(struct launched *launched);

/*
 * Give the program 2 ms to be executed, once there is one. The kernel wakes us at that moment.
 *
 * Returns   true if it has been, or has ended before; false if it is still on its way.
 */
bool launch_await_exec(const struct launched *launched);

/*
 * After the child has ended: was it the child's own failure rather than the workload's end?
 *
 * Returns   0 (the workload ran), or the child's error in *err; -EPROTO when it died half-way.
 */
must_check int launch_failure(const struct launched *launched, struct err *err);

/*
 * Wait until process 1, which was told to end, is gone, and with it all of the sandbox. A no-op if
 * it has been reaped already.
 *
 *   ret  as wait(2) gives it; untouched in a no-op
 *
 * Returns   0, -errno. launched->usage is filled: of process 1 and of what was waited for below it;
 *           the kernel counts nothing of processes that end with process 1 itself.
 */
must_check int launch_reap(struct launched *launched, int *ret, struct err *err);

/* Kill the child if it lives, reap it, release all. A no-op on LAUNCHED_NONE. */
void launch_done(struct launched *launched);

#endif
