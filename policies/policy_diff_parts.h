/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_DIFF_PARTS_H
#define IMMURE_POLICIES_POLICY_DIFF_PARTS_H

/* The parts of policy_diff(), one file each. Each returns 0, -E2BIG or -ENOMEM. */

#include "policies/policy_diff.h"

must_check int diff_calls(const struct policy *a, const struct policy *b, uint32_t arch,
			  struct policy_diff *ret, struct err *err);
must_check int diff_files(const struct policy *a, const struct policy *b, struct policy_diff *ret,
			  struct err *err);

must_check int diff_net(const struct policy *a, const struct policy *b, struct policy_diff *ret,
			struct err *err);

/* Add one. Texts are borrowed: the arena's or literals. */
must_check int diff_add(struct policy_diff *ret, const struct policy_difference *one,
			struct err *err);

#endif
