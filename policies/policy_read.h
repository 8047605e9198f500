/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_READ_H
#define IMMURE_POLICIES_POLICY_READ_H

#include "base/err.h"
#include "base/text.h"
#include "policies/policy.h"

#define POLICY_MAX_BYTES ((size_t)1 << 20)
#define POLICY_MAX_DEPTH 8

/*
 * Read one policy text: the strict YAML subset of policy(5), or JSON of the same shape.
 *
 *   text   the whole file; not trusted; at most POLICY_MAX_BYTES
 *   name   how messages call it
 *   arena  owns everything in *ret and in diags
 *   ret    filled only on success; `extends` is named, not resolved
 *   diags  every fault found, with its position
 *
 * Returns   0, or -EINVAL (diags holds at least one), -ENOMEM.
 * Effects   allocates in arena; no system call.
 * Source    policy(5)
 */
must_check int policy_read(struct span text, const char *name, struct arena *arena,
			   struct policy *ret, struct diags *diags);

/* The text of a builtin ("builtin/default"), or an empty span. Sorted list in builtin_names. */
struct span builtin_text(const char *name);
extern const char *const builtin_names[];
extern const size_t n_builtin_names;

/*
 * How policy_resolve() gets the text of what a policy extends.
 *
 *   name  as written after `extends`
 *   from  the absolute path of the policy that names it, NULL for a builtin
 *   ret_text  in arena
 *   ret_path  absolute path in arena, NULL for a builtin
 *
 * Returns   0, or -errno with *err filled.
 */
typedef int (*policy_fetch_fn)(void *data, const char *name, const char *from, struct arena *arena,
			       struct span *ret_text, const char **ret_path, struct err *err);

/* A policy_fetch_fn that knows the builtins only; data is not used. */
int builtin_fetch(void *data, const char *name, const char *from, struct arena *arena,
		  struct span *ret_text, const char **ret_path, struct err *err);

/*
 * Read a policy and all that it extends, and merge them. A lock beside the policy (policy_lock.h)
 * must fit.
 *
 *   name   "builtin/default", or a path
 *   fetch  called once for each text, for builtins too
 *
 * Returns   0, or -EINVAL (diags holds at least one: also loops, too deep, not found), -ENOMEM.
 */
must_check int policy_resolve(const char *name, policy_fetch_fn fetch, void *data,
			      struct arena *arena, struct policy *ret, struct diags *diags);

/* The same without a look at the lock: to write it. */
must_check int policy_resolve_unlocked(const char *name, policy_fetch_fn fetch, void *data,
				       struct arena *arena, struct policy *ret,
				       struct diags *diags);

#endif
