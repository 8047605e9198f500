/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_RULE_PARSE_H
#define IMMURE_POLICIES_RULE_PARSE_H

#include "policies/policy.h"
#include "policies/yaml_tree.h"

/*
 * Read one line under `syscalls:` and add what it says to the policy: a rule (or several, where the
 * argument that a condition names stands in different places), or what "otherwise" and "unknown"
 * answer. Faults go to diags; only -ENOMEM is returned.
 */
must_check int syscall_rule_parse(const struct yaml_node *line, struct policy *policy,
				  struct arena *arena, struct diags *diags);

/* The same for one line under `files:`. */
must_check int file_rule_parse(const struct yaml_node *line, struct policy *policy,
			       struct arena *arena, struct diags *diags);

#endif
