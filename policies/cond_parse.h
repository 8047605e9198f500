/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_COND_PARSE_H
#define IMMURE_POLICIES_COND_PARSE_H

#include "base/text.h"
#include "policies/policy.h"

/*
 * Read a condition such as "flags only {CLONE_VM, CLONE_FS} and not (cmd == TIOCSTI)" for one call.
 *
 *   text   what stands after "if"
 *   call   gives the names of the arguments
 *   where  of the rule; faults point `text.p - base` columns behind it
 *   ret    filled only on success; in arena
 *
 * Returns   0, -EINVAL (one entry in diags), -ENOMEM.
 * Source    policy(5), "Conditions"
 */
must_check int cond_parse(struct span text, const char *call, struct where where,
			  struct arena *arena, const struct cond **ret, struct diags *diags);

#endif
