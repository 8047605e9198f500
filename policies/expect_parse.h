/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_EXPECT_PARSE_H
#define IMMURE_POLICIES_EXPECT_PARSE_H

#include "policies/policy.h"
#include "policies/yaml_tree.h"

/*
 * Read one line under `tests:`:
 *   expect allow|deny syscall CALL [ARG=VALUE ...]
 *   expect allow|deny open PATH read|write|exec
 * Faults go to diags; only -ENOMEM is returned.
 */
must_check int policy_test_parse(const struct yaml_node *line, struct policy *policy,
				 struct arena *arena, struct diags *diags);

/* The same for one line under `waivers:`: ID until YYYY-MM-DD by WHO why "TEXT". */
must_check int policy_waiver_parse(const struct yaml_node *line, struct policy *policy,
				   struct arena *arena, struct diags *diags);

#endif
