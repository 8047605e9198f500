/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_POLICY_H
#define IMMURE_SANDBOX_OCI_POLICY_H

/*
 * A policy of the administrator's beneath a container that an engine asks for: whatever the bundle
 * says, it is narrowed, never widened. Pure.
 *
 * What comes of it is written into the plan where the plan has a place for it (capabilities,
 * limits), and for the rest into a `struct plan` that says of this container what the plan of
 * `immure run` says of a sandbox: path rules, filter, ledger, and what the record of a run tells.
 */

#include "sandbox/oci_plan.h"

/*
 *   plan    complete but for this; plan->policy is set
 *   bundle, host  borrowed as long as *plan lives
 *
 * Returns   0, -EINVAL (policy and bundle contradict each other), -ENOMEM.
 */
must_check int oci_policy_impose(struct oci_plan *plan, const struct bundle *bundle,
				 const struct host *host, struct arena *arena, struct err *err);

/* The same for a process that exec adds. */
must_check int oci_policy_impose_process(const struct oci_plan *plan, struct arena *arena,
					 struct oci_process *process, struct err *err);

/*
 * Once it is known whether there is a cgroup that holds limits: the rest of the ledger, and what
 * has to do in its place.
 *
 *   dir     of the cgroup, or NULL
 *   limits  it holds limits
 *
 * Returns   0, -ENOTSUP (the policy requires a layer that is not to be had), -ENOMEM.
 */
must_check int oci_policy_settle(struct oci_plan *plan, const char *dir, bool limits,
				 struct arena *arena, struct err *err);

/*
 * Where the policy lets write, in a form that keeps Landlock from granting execution there:
 * ret->mounts. Returns 0 or -ENOMEM.
 */
must_check int oci_policy_written(const struct plan *policy, struct arena *arena, struct plan *ret);

#endif
