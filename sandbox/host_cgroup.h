/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_HOST_CGROUP_H
#define IMMURE_SANDBOX_HOST_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum cgroup_controller {
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_IO,
	CGROUP_CONTROLLERS
};

extern const char *const cgroup_controller_names[CGROUP_CONTROLLERS];

/* Where this user may make cgroups: version 2 only. */
struct host_cgroup {
	const char *dir;      /* absolute path of one that we may make children in, or NULL */
	uint32_t controllers; /* bits 1 << enum cgroup_controller, usable by children of it */
	uint32_t to_enable;   /* those of them that must be switched on for children first */
	bool inside;          /* we are in dir ourselves, alone, and must first move into a child */
};

/*
 * Look for one: beside the cgroup that we are in, or inside of it.
 *
 *   arena  owns the path
 *   ret    dir is NULL when nothing is delegated
 */
void host_cgroup_read(struct arena *arena, struct host_cgroup *ret);

#endif
