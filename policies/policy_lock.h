/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_LOCK_H
#define IMMURE_POLICIES_POLICY_LOCK_H

/*
 * The lock file beside a policy: what it builds on, by digest, so that a base that changed is
 * noticed and not taken in silence.
 *
 *   lock: 1
 *   groups:
 *     - "@io 9f86d081..."
 *   sources:
 *     - builtin/glibc 2c26b46b...
 */

#include "base/strbuf.h"
#include "policies/policy.h"

/* "/x/web.lock" for "/x/web.yaml"; ".lock" is appended to other names. NULL: out of memory. */
const char *policy_lock_name(struct arena *arena, const char *path);

/* Write the lock of a merged policy. Out of memory is remembered in the buffer. */
void policy_lock_print(const struct policy *policy, struct strbuf *ret);

/*
 * Hold a lock against a merged policy.
 *
 *   text   of the lock; not trusted
 *   name   how messages call it
 *   diags  one entry for each base or group that is another than what is locked
 *
 * Returns   0 (also with entries), -EINVAL (not a lock; entries in diags), -ENOMEM.
 */
must_check int policy_lock_check(struct span text, const char *name, const struct policy *policy,
				 struct arena *arena, struct diags *diags);

#endif
