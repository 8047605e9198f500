/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_CACHE_H
#define IMMURE_RUNTIME_POLICY_CACHE_H

#include "policies/bundle.h"

#define POLICY_CACHE_NAME_LEN (DIGEST_HEX_LEN + 8)

#define POLICY_MAX_KEYS 2

/* Keys that have to have signed a policy, each. Absolute paths. */
struct policy_keys {
	size_t n;
	const char *paths[POLICY_MAX_KEYS];
};

/*
 * Which keys have to have signed it: the administrator's (/etc/immure/policy.pub) if there is one;
 * and the one that was named, or else the user's ($XDG_CONFIG_HOME/immure/policy.pub) if there is
 * one. What immure brings along itself (builtin/...) only has to be signed where a key was named.
 *
 *   named  by --require-signature, or NULL
 */
must_check int policy_keys_find(const char *policy, const char *named, struct arena *arena,
				struct policy_keys *ret, struct err *err);

/*
 * Whether what a command line names can be read only once: "-", for standard input, or a pipe.
 *
 * Effects   stats the path
 */
bool policy_is_stream(const char *name);

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
 *   name   "builtin/..." or a path of a file or of a bundle's folder
 *   arena  owns what the bundle points to
 *   ret    filled only on success; dir is closed by the caller
 *
 * Returns   0, -EINVAL (stage ERR_POLICY; the faults have been printed), -errno.
 * Effects   may run immure-tool; reads the policy's sources to compare their digests
 */
must_check int policy_load(const char *name, struct arena *arena, struct policy_loaded *ret,
			   struct err *err);

/* The same, refused with -EINVAL unless each of these keys has signed it. */
must_check int policy_load_signed(const char *name, const struct policy_keys *keys,
				  struct arena *arena, struct policy_loaded *ret, struct err *err);

/* The same, as a descriptor of the compiled file: for a helper that reads it itself. */
must_check int policy_open_compiled(const char *name, struct err *err);

#endif
