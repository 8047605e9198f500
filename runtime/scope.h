/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SCOPE_H
#define IMMURE_RUNTIME_SCOPE_H

/*
 * A container's cgroup as a scope that systemd makes: asked through immure-scope, which links
 * libsystemd. A scope ends with its last process.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "sandbox/oci_plan.h"

struct scope {
	const char *unit;  /* "PREFIX-NAME.scope", or NULL: there is none */
	const char *slice; /* or "": systemd's choice */
	bool user;         /* of the user's systemd, not of the machine's */
};

/* What keeps a new scope until the container's first process is in it. */
struct scope_hold {
	int fd; /* -1: nothing */
	pid_t pid;
};

/*
 * Its name, from cgroupsPath "SLICE:PREFIX:NAME"; all of it may be missing.
 *
 * Returns   0, -EINVAL (another form), -ENOMEM.
 */
must_check int scope_name(const char *cgroups_path, const char *id, struct arena *arena,
			  struct scope *ret, struct err *err);

/*
 * Make it, with these limits.
 *
 *   ret_path  the cgroup as /proc/self/cgroup has it, of arena
 *   hold      to be released in any case
 */
must_check int scope_start(const struct scope *scope, const struct oci_pairs *limits,
			   struct scope_hold *hold, struct arena *arena, const char **ret_path,
			   struct err *err);
void scope_release(struct scope_hold *hold);

/* Put a process of ours into it, where we may not do so ourselves. */
must_check int scope_attach(const struct scope *scope, pid_t pid, struct err *err);

/* Change limits. What systemd has no property for is left out. */
must_check int scope_set(const struct scope *scope, const struct oci_pairs *limits,
			 struct err *err);

/* End it and forget it. None is success. */
must_check int scope_stop(const struct scope *scope, struct err *err);

/* True if the program that asks is there. */
bool scope_is_possible(void);

#endif
