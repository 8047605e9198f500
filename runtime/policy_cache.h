/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_CACHE_H
#define IMMURE_RUNTIME_POLICY_CACHE_H

#include "policies/bundle.h"

#define POLICY_CACHE_NAME_LEN (DIGEST_HEX_LEN + 8)

/* A policy ready to be used, and the file of it that a run's record links to. */
struct policy_loaded {
	struct bundle bundle;
	int dir;                          /* descriptor of the cache's folder */
	char file[POLICY_CACHE_NAME_LEN]; /* name in it */
	bool was_cached;
};

/*
 * Load a compiled policy, compiling it first if there is none or its sources changed.
 *
 *   name   "builtin/..." or a path
 *   arena  owns what the bundle points to
 *   ret    filled only on success; dir is closed by the caller
 *
 * Returns   0, -EINVAL (stage ERR_POLICY; the faults have been printed), -errno.
 * Effects   may run immure-tool; reads the policy's sources to compare their digests
 */
must_check int policy_load(const char *name, struct arena *arena, struct policy_loaded *ret,
			   struct err *err);

/* The same, as a descriptor of the compiled file: for a helper that reads it itself. */
must_check int policy_open_compiled(const char *name, struct err *err);

#endif
