/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_CONFINE_H
#define IMMURE_SANDBOX_CONFINE_H

#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/err.h"
#include "sandbox/plan.h"

/* Where the child stands. Written by the child only, read by the supervisor. */
enum confine_state {
	CONFINE_STARTED,
	CONFINE_LINKABLE, /* its namespaces can be entered; waits for the way out of its network */
	CONFINE_READY,    /* everything but the filter is in place */
	CONFINE_FAILED,   /* err says what */
};

#define CONFINE_MAX_STEPS 40

/*
 * One page that supervisor and child share (MAP_SHARED | MAP_ANONYMOUS). The child cannot write to
 * a pipe once its filter is on, so this is how it reports; and it shares the supervisor's
 * descriptor table until execve(2), so a number written here is a descriptor of the supervisor's
 * too.
 */
struct confine_page {
	uint32_t mapped;    /* futex: the supervisor has written the id maps */
	uint32_t networked; /* futex: the child is in its network namespace */
	uint32_t linked;    /* futex: the private network has its way out */
	uint32_t go;        /* futex: the supervisor has all it needs; the filter may come */
	uint32_t state;     /* enum confine_state */
	int32_t listener;   /* seccomp notification descriptor, or -1 */
	int32_t mountinfo;  /* /proc/self/mountinfo as opened inside, after the last mount; or -1 */
	int32_t pty;        /* master side, or -1 */
	int32_t file;       /* what was found as the program (O_PATH), or -1 */
	int32_t root;       /* by the supervisor, before `mapped`: id-mapped root, or -1 */
	uint32_t filtered;  /* the filter is on */
	int32_t workload;   /* pidfd of the program; the child itself stays behind as process 1 */
	uint32_t executing; /* futex: 1 until the program has executed, or has ended before */
	uint32_t copied;    /* with plan->copy: there was something to do */
	uint32_t n_steps;
	struct winsize size;          /* of the terminal, by the supervisor; zeros: nobody knows */
	struct err err;               /* valid in CONFINE_FAILED */
	struct timespec file_changed; /* its inode, when it was found */
	char program[1024];           /* what is executed, as found inside; empty if it is longer */
	struct {
		const char *name; /* a string constant: same address in both */
		uint64_t ns;      /* CLOCK_MONOTONIC when the step was done */
	} steps[CONFINE_MAX_STEPS];
};

/* Descriptors that the supervisor opened for the child; -1 where there is none. */
struct confine_fds {
	int supervisor;    /* pidfd of the parent: if it dies, so do we */
	const int *mounts; /* n_mounts entries: detached, id-mapped volumes; NULL: none */
	int enter;         /* process 1 takes orders here (sandbox/enter.h) */
	const int *layers; /* n_layers entries: detached directories of the root; NULL: none */
	int kept;          /* detached folder of the kept layer */
};

/* Wait until a futex word of the page is set, and set one and wake who waits. */
must_check int confine_page_wait(const uint32_t *word, struct err *err);
void confine_page_set(uint32_t *word);

/*
 * In the child, after clone3() with plan->namespaces: become the confined program. Applies the step
 * table in order; the filter is the last thing before execve(2).
 *
 * Returns   only if it failed: page->err and page->state are set; the caller must _exit(127).
 * Effects   changes this process for good.
 */
void confine_and_exec(const struct plan *plan, const struct confine_fds *fds,
		      struct confine_page *page);

/*
 * In the child, with plan->copy: fill a volume instead, in a user and a mount namespace.
 *
 * Returns   0 (page->copied says whether there was anything), or -errno as above. The caller must
 *           _exit() in any case.
 */
must_check int confine_and_copy(const struct plan *plan, const struct confine_fds *fds,
				struct confine_page *page);

#endif
