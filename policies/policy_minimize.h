/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_MINIMIZE_H
#define IMMURE_POLICIES_POLICY_MINIMIZE_H

#include "base/err.h"
#include "policies/policy.h"

/* A call, a path or a target of one rule without which every test of the policy holds as before. */
struct spare_grant {
	const struct rule *rule; /* borrowed from the policy */
	const char *what;        /* "ptrace", "/etc/x", "*:443"; of the policy or in the arena */
};

struct spare_grants {
	struct arena *arena; /* borrowed */
	size_t n, cap;
	struct spare_grant *items;
};

/*
 * Leave out one grant after the other and run the policy's own tests.
 *
 *   policy  merged; its tests hold. Grants of builtins that it extends are left alone
 *   ret     its arena is set by the caller
 *
 * Returns   0, -ENODATA (the policy has no tests), -E2BIG, -ENOMEM.
 */
must_check int policy_minimize(const struct policy *policy, uint32_t arch, struct spare_grants *ret,
			       struct err *err);

#endif
