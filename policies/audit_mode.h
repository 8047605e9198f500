/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_AUDIT_MODE_H
#define IMMURE_POLICIES_AUDIT_MODE_H

/*
 * mode: audit. What the rules of a policy refuse is recorded and goes on; what would reach beyond
 * the sandbox if something else were wrong stays refused: the floor. What the policy allows is
 * never refused by the floor.
 */

#include "policies/bundle.h"
#include "policies/policy.h"

struct audit_floor {
	bool whole;                /* every refusal of the call stays one */
	const struct cond *unless; /* or every refusal that this does not hold for; NULL: none */
};

/* The floor of a call that the policy refuses; NULL if the policy is not in mode audit. */
const struct audit_floor *audit_floor_of(const struct policy *policy, const char *call);

/* Calls that name a file: what they name is looked at by the supervisor in mode audit. */
bool audit_looks_at(const struct policy *policy, const char *call);

/* Does the call go on? In mode audit also what the rules refuse, apart from the floor. */
bool verdict_goes_on(enum verdict verdict);

#endif
