/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/rule_line.h"

bool rule_line_start(struct rule_line *l, const char *expected)
{
	if (l->node->kind != YAML_SCALAR) {
		diags_add(l->diags, l->node->where, "a list or a map; expected %s", expected);
		return false;
	}
	l->rest = span_of(l->node->text);
	return true;
}

void rule_line_fault(const struct rule_line *l, struct span at, const char *what)
{
	struct where where = l->node->where;

	where.col += (uint32_t)(at.p - l->node->text);
	diags_add(l->diags, where, "%s%s%.*s%s", what, at.n > 0 ? ": \"" : "",
		  (int)(at.n < 80 ? at.n : 80), at.p, at.n > 0 ? "\"" : "");
}

struct rule rule_line_rule(const struct rule_line *l)
{
	return (struct rule){ l->node->where, l->node->text, l->node->why };
}
