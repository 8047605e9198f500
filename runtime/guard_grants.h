/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_GUARD_GRANTS_H
#define IMMURE_RUNTIME_GUARD_GRANTS_H

#include "bpf/events.h"
#include "policies/bundle.h"

/*
 * What the kernel's hooks can tell apart of what a policy grants: calls, requests, options, kinds
 * of sockets. Never less than the filter grants; more where a condition is about something else.
 *
 * Effects   allocates in arena.
 */
must_check int guard_grants_of(const struct bundle *bundle, struct arena *arena,
			       struct tracer_grants *ret, struct err *err);

#endif
