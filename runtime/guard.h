/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_GUARD_H
#define IMMURE_RUNTIME_GUARD_H

/*
 * The policy once more, refused by the kernel's BPF LSM through immure-tracerd: for policies and
 * command lines that ask for the layer "bpf".
 */

#include "runtime/launch.h"
#include "runtime/tracer_client.h"

/* Does somebody ask for it, and can it be had? Asks the daemon only then. */
enum plan_guard guard_find(bool is_asked_for, const struct bundle *bundle, struct arena *arena,
			   const char **ret_why);

/* What the daemon is to refuse: enum tracer_group bits, 0 for a plan without. */
uint32_t guard_groups(const struct plan *plan);

/*
 * Hand over what is granted, by number and by path, while the child waits for its go with all
 * mounts in place: paths are followed there, so that a rule on a link is one on what it leads to.
 *
 * Returns   0 (also if there is nothing to do), -E2BIG, or -errno: the program must not begin.
 */
must_check int guard_send_rules(const struct plan *plan, const struct launched *launched,
				const struct tracer_client *client, struct err *err);

#endif
