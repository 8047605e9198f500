/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_access.h"

#include <string.h>

#include "base/path.h"

/* Folders of every system: a path without stars that is one of them grants nothing. */
static const char *const folders[] = {
	"/",     "/bin",     "/boot",    "/dev",       "/dev/pts", "/dev/shm", "/etc",
	"/home", "/lib",     "/lib64",   "/media",     "/mnt",     "/opt",     "/proc",
	"/root", "/run",     "/sbin",    "/srv",       "/sys",     "/tmp",     "/usr",
	"/var",  "/usr/lib", "/usr/bin", "/usr/share", "/var/tmp", "/var/lib", "/var/log",
};

bool path_is_known_folder(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		if (strcmp(path, folders[i]) == 0)
			return true;
	}
	return false;
}

static bool covers(const struct file_rule *rule, const char *path)
{
	if (rule->tree || rule->access == FILE_DENY)
		return path_is_below(path, rule->path);
	return strcmp(path, rule->path) == 0 && !path_is_known_folder(path);
}

/* What a rule grants: who may read a tree may list it. */
static unsigned grants(const struct file_rule *rule)
{
	return rule->access | (rule->tree && (rule->access & FILE_READ) ? FILE_LIST : 0);
}

static const struct file_rule *find(const struct policy *policy, const char *path, unsigned bit)
{
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct file_rule *rule = &policy->files[i];

		if ((grants(rule) & bit) && covers(rule, path))
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
	static const unsigned bits[] = { FILE_LIST, FILE_READ, FILE_WRITE, FILE_EXEC };
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
	case FILE_LIST:
		return "list";
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
