/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_EXPECT_H
#define IMMURE_POLICIES_POLICY_EXPECT_H

#include "base/err.h"
#include "policies/policy.h"

/*
 * Hold the tests of a merged policy against what it says. A test of a call must hold for every
 * value of the arguments that it leaves open.
 *
 *   diags  one entry for each test that fails, with who decided otherwise
 *
 * Returns   0 (also if tests fail), -E2BIG (conditions too complex), -ENOMEM.
 */
must_check int policy_expect_check(const struct policy *policy, uint32_t arch, struct arena *arena,
				   struct diags *diags, struct err *err);

#endif
