/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_ACCESS_H
#define IMMURE_POLICIES_POLICY_ACCESS_H

#include "policies/policy.h"

/* Whether a path is a folder on every system, such as /etc, which no layer can grant alone. */
bool path_is_known_folder(const char *path);

/*
 * What the file rules of a policy grant on a path; deny wins, and covers all below its path.
 *
 *   path  clean and absolute
 *
 * Returns   FILE_LIST, FILE_READ, FILE_WRITE and FILE_EXEC bits; 0 for what no rule names or a rule
 *           denies. Whoever may read a tree may list it.
 */
unsigned policy_access(const struct policy *policy, const char *path);

/* The rule that denies a path, or else the first that grants `bit` of it, or NULL. */
const struct file_rule *policy_access_rule(const struct policy *policy, const char *path,
					   unsigned bit);

/* "list", "read", "write", "exec", "deny": a single bit of enum file_access. */
const char *file_access_name(unsigned bit);

#endif
