/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_RULE_LINE_H
#define IMMURE_POLICIES_RULE_LINE_H

#include "policies/policy.h"
#include "policies/yaml_tree.h"

/* A line of the language while it is read, word by word. */
struct rule_line {
	const struct yaml_node *node;
	struct span rest;
	struct policy *policy;
	struct arena *arena;
	struct diags *diags;
};

/* Begin with the first word; false, with a fault that says what was expected, for a list or a map.
 */
bool rule_line_start(struct rule_line *l, const char *expected);

/* A fault at `at`, which lies in the line and is shown if it is not empty. */
void rule_line_fault(const struct rule_line *l, struct span at, const char *what);

/* What the line's record carries. */
struct rule rule_line_rule(const struct rule_line *l);

#endif
