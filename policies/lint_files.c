/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "policies/lint_parts.h"
#include "policies/policy_access.h"
#include "policies/policy_diff_parts.h"

/* Above so many rules it would take too long to leave each out once. */
#define MAX_FILES 200

static const char *const kernel_folders[] = { "/proc", "/sys" };
static const char *const system_folders[] = { "/bin",   "/boot",  "/etc",  "/lib",
					      "/lib32", "/lib64", "/sbin", "/usr" };
static const char *const sockets[] = {
	"/run/docker.sock",
	"/var/run/docker.sock",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/podman/podman.sock",
	"/run/dbus/system_bus_socket",
	"/var/run/dbus/system_bus_socket",
	"/run/systemd/private",
};
static const char *const secrets[] = { "/etc/shadow", "/etc/gshadow", "/root/.ssh/id_ed25519",
				       "/etc/ssh/ssh_host_ed25519_key", "/etc/krb5.keytab" };
static const char *const devices[] = { "/dev/mem",   "/dev/kmem",   "/dev/port",    "/dev/kvm",
				       "/dev/fuse",  "/dev/mapper", "/dev/net/tun", "/dev/disk",
				       "/dev/sda",   "/dev/vda",    "/dev/nvme0n1", "/dev/loop0",
				       "/dev/uinput" };

static bool is_below_any(const char *path, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (path_is_below(path, list[i]))
			return true;
	}
	return false;
}

static void report(struct linter *l, enum lint_id id, const struct file_rule *rule)
{
	lint_add(l, id, &rule->rule, "%s%s", rule->path,
		 rule->tree ? (strcmp(rule->path, "/") == 0 ? "**" : "/**") : "");
}

static void writes(struct linter *l, const struct file_rule *rule)
{
	if (!(rule->access & FILE_WRITE))
		return;
	if (strcmp(rule->path, "/") == 0)
		report(l, LINT_WRITABLE_ROOT, rule);
	else if (is_below_any(rule->path, kernel_folders, ARRAY_LEN(kernel_folders)))
		report(l, LINT_WRITABLE_PROC, rule);
	else if (is_below_any(rule->path, system_folders, ARRAY_LEN(system_folders)))
		report(l, LINT_WRITABLE_SYSTEM, rule);
}

/* Execution of everything is not meant for what is writable: the sandbox leaves that out. */
static void write_exec(struct linter *l, const struct file_rule *rule)
{
	for (size_t i = 0; i < l->policy->n_files; i++) {
		const struct file_rule *other = &l->policy->files[i];
		bool meet = (other->tree && path_is_below(rule->path, other->path)) ||
			    (rule->tree && path_is_below(other->path, rule->path)) ||
			    strcmp(rule->path, other->path) == 0;

		if (!(rule->access & FILE_WRITE) || !(other->access & FILE_EXEC) || !meet ||
		    !lint_is_own(l, &other->rule) || strcmp(other->path, "/") == 0)
			continue;
		lint_add(l, LINT_WRITE_EXEC_PATH, &rule->rule, "%s, executed by line %u",
			 rule->path, other->rule.where.line);
		return;
	}
}

/* Paths that a rule reaches, whether it names them or a folder above. */
static void reached(struct linter *l, enum lint_id id, const char *path, unsigned access)
{
	const struct file_rule *rule = policy_access_rule(l->policy, path, access);

	if (rule && rule->access != FILE_DENY && lint_is_own(l, &rule->rule))
		lint_add(l, id, &rule->rule, "%s", path);
}

/* Does the policy mean the same without this one path? */
static bool is_idle(struct linter *l, size_t at)
{
	struct policy_diff diff = { .arena = l->out->arena };
	struct policy less = *l->policy;
	struct err ignored = { 0 };

	less.n_files = 0;
	less.files = arena_array(l->out->arena, l->policy->n_files, sizeof(*less.files));
	if (!less.files) {
		l->out->out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < l->policy->n_files; i++) {
		if (i != at)
			less.files[less.n_files++] = l->policy->files[i];
	}
	return diff_files(l->policy, &less, &diff, &ignored) == 0 && diff.n == 0;
}

/* Known to be a folder, or another rule names something below it. */
static bool is_folder(const struct policy *policy, const char *path)
{
	if (path_is_known_folder(path))
		return true;
	for (size_t i = 0; i < policy->n_files; i++) {
		if (strcmp(policy->files[i].path, path) != 0 &&
		    path_is_below(policy->files[i].path, path))
			return true;
	}
	return false;
}

void lint_files(struct linter *l)
{
	const struct policy *policy = l->policy;

	for (size_t i = 0; i < policy->n_files; i++) {
		const struct file_rule *rule = &policy->files[i];

		if (!lint_is_own(l, &rule->rule))
			continue;
		writes(l, rule);
		write_exec(l, rule);
		if (!rule->tree && rule->access != FILE_DENY && is_folder(policy, rule->path))
			report(l, LINT_FOLDER_ALONE, rule);
		else if (policy->n_files <= MAX_FILES && is_idle(l, i))
			report(l, LINT_FILE_WITHOUT_EFFECT, rule);
	}
	for (size_t i = 0; i < ARRAY_LEN(sockets); i++)
		reached(l, LINT_RUNTIME_SOCKET, sockets[i], FILE_WRITE);
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		reached(l, LINT_READABLE_SECRET, secrets[i], FILE_READ);
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		reached(l, LINT_DEVICE_GRANT, devices[i], FILE_WRITE);
}
