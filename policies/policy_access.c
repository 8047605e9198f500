/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_access.h"

#include <string.h>

#include "base/path.h"

static bool covers(const struct file_rule *rule, const char *path)
{
	if (rule->tree || rule->access == FILE_DENY)
		return path_is_below(path, rule->path);
	return strcmp(path, rule->path) == 0;
}

static const struct file_rule *find(const struct policy *policy, const char *path, unsigned bit)
{
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct file_rule *rule = &policy->files[i];

		if ((rule->access & bit) && covers(rule, path))
			return rule;
	}
	return NULL;
}

const struct file_rule *policy_access_rule(const struct policy *policy, const char *path,
					   unsigned bit)
{
	const struct file_rule *denies = find(policy, path, FILE_DENY);

	return denies ? denies : find(policy, path, bit);
}

unsigned policy_access(const struct policy *policy, const char *path)
{
	static const unsigned bits[] = { FILE_READ, FILE_WRITE, FILE_EXEC };
	unsigned access = 0;

	if (find(policy, path, FILE_DENY))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		access |= find(policy, path, bits[i]) ? bits[i] : 0;
	return access;
}

const char *file_access_name(unsigned bit)
{
	switch (bit) {
	case FILE_READ:
		return "read";
	case FILE_WRITE:
		return "write";
	case FILE_EXEC:
		return "exec";
	default:
		return "deny";
	}
}
