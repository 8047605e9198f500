/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: what the mounts show, narrowed to what the policy grants. Rules add up and cannot take
 * away, so a grant of execution on a tree that holds a writable mount is given to everything
 * around that mount instead. Source: landlock(7), Documentation/userspace-api/landlock.rst
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/sys.h"
#include "policies/landlock_rights.h"
#include "policies/lsm_rules.h"
#include "sandbox/steps.h"

/* struct landlock_ruleset_attr as ABI 6 has it; older kernels take the shorter one. */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/* struct landlock_net_port_attr, ABI 4. */
struct port_attr {
	uint64_t allowed_access;
	uint64_t port;
};

#define RULE_NET_PORT ((enum landlock_rule_type)2)

struct fsrules {
	const struct confine *c;
	int ruleset;
	uint64_t handled;
};

static int add_rule(const struct fsrules *rules, int fd, uint64_t rights, struct err *err)
{
	struct landlock_path_beneath_attr attr = { .parent_fd = fd };
	struct stat st = { 0 };
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at a path of a rule");
	attr.allowed_access = rights & rules->handled;
	if (!S_ISDIR(st.st_mode))
		attr.allowed_access &= landlock_granted(FILE_READ | FILE_WRITE | FILE_EXEC, false);
	if (attr.allowed_access == 0)
		return 0;
	r = sys_landlock_add_rule(rules->ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr);
	if (r < 0)
		return err_sys(err, -r, "cannot add a rule");
	return 0;
}

/* A mount that the workload can write and must not execute from. */
static bool is_writable_mount(const struct plan_mount *m)
{
	return (m->kind == MOUNT_BIND || m->kind == MOUNT_TMPFS) &&
	       !(m->flags & (MOUNT_FLAG_RO | MOUNT_FLAG_EXEC));
}

enum overlap {
	OVERLAP_NONE,
	OVERLAP_INSIDE,
	OVERLAP_HOLDS
};

/*
 * How `path` lies to the writable mounts: apart, inside one, or with one somewhere below it. The
 * mount that shows the path is the innermost: a read-only volume inside /tmp is not writable.
 */
static enum overlap overlap_of(const struct plan *plan, const char *path)
{
	const struct plan_mount *shows = NULL;
	bool holds = false;

	if (path_is_below(path, "/dev") || path_is_below(path, "/proc"))
		return OVERLAP_INSIDE;
	if (strcmp(path, "/") == 0)
		return OVERLAP_HOLDS; /* /dev and /proc at least */
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];

		if (m->kind != MOUNT_BIND && m->kind != MOUNT_TMPFS)
			continue;
		if (path_is_below(path, m->target)) {
			if (!shows || strlen(m->target) >= strlen(shows->target))
				shows = m;
		} else if (path_is_below(m->target, path)) {
			holds = holds || is_writable_mount(m);
		}
	}
	if (shows && is_writable_mount(shows))
		return OVERLAP_INSIDE;
	return holds ? OVERLAP_HOLDS : OVERLAP_NONE;
}

static int grant_exec_around(const struct fsrules *rules, int dirfd, const char *path, int depth,
			     struct err *err);

static int grant_exec(const struct fsrules *rules, int fd, const char *path, int depth,
		      struct err *err)
{
	switch (overlap_of(rules->c->plan, path)) {
	case OVERLAP_INSIDE:
		return 0;
	case OVERLAP_HOLDS:
		return grant_exec_around(rules, fd, path, depth, err);
	case OVERLAP_NONE:
		return add_rule(rules, fd, LANDLOCK_ACCESS_FS_EXECUTE, err);
	}
	return 0;
}

static int grant_exec_around(const struct fsrules *rules, int dirfd, const char *path, int depth,
			     struct err *err)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		closep(&copy);
		return errno == EACCES || errno == ENOTDIR
			       ? 0
			       : err_sys(err, errno, "cannot list %s", path);
	}
	if (depth == 0)
		return err_set(err, E2BIG, "a writable mount lies too deep below %s", path);
	while ((entry = readdir(dir)) != NULL) {
		char below[PATH_MAX];
		cleanup_close int fd = -1;
		int r;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") == 0 ? "" : path,
			     entry->d_name);
		if (r < 0 || (size_t)r >= sizeof(below))
			return err_set(err, ENAMETOOLONG, "a path below %s is too long", path);
		fd = openat(dirfd, entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || entry->d_type == DT_LNK)
			continue;
		r = grant_exec(rules, fd, below, depth - 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_folder(int fd)
{
	struct stat st = { 0 };

	return fstat(fd, &st) < 0 || S_ISDIR(st.st_mode);
}

static int add_plan_rule(const struct fsrules *rules, const struct plan_fsrule *rule,
			 struct err *err)
{
	cleanup_close int fd = path_open_in(rules->c->root, rule->path, O_PATH, 0, err);
	uint64_t rights = 0;
	int r;

	if (fd == -ENOENT && rule->optional)
		return 0;
	if (fd < 0)
		return fd;
	/* A rule of Landlock holds for all below: a folder alone cannot be granted, so it is not.
	 */
	if (!rule->tree && is_folder(fd))
		return 0;
	rights = landlock_granted(rule->access & (FILE_LIST | FILE_READ | FILE_WRITE), true);
	if (rights) {
		r = add_rule(rules, fd, rights, err);
		if (r < 0)
			return err_wrap(err, "%s", rule->path);
	}
	if (!(rule->access & FILE_EXEC))
		return 0;
	return grant_exec(rules, fd, rule->path, 16, err);
}

/* Ports that the plan grants, one by one, as Landlock takes them. */
static int add_ports(const struct fsrules *rules, struct err *err)
{
	const struct plan *plan = rules->c->plan;

	for (size_t i = 0; i < plan->n_port_rules; i++) {
		const struct plan_port_rule *rule = &plan->port_rules[i];

		for (uint32_t port = rule->low; port <= rule->high; port++) {
			struct port_attr attr = { rule->rights, port };
			int r = sys_landlock_add_rule(rules->ruleset, RULE_NET_PORT, &attr);

			if (r < 0)
				return err_sys(err, -r, "cannot add the rule of port %u", port);
		}
	}
	return 0;
}

static int make_ruleset(int abi, uint64_t handled, uint64_t net, struct err *err)
{
	struct ruleset_attr attr = { .handled_access_fs = handled,
				     .handled_access_net = net,
				     .scoped = landlock_known(LANDLOCK_SCOPE, abi) };
	size_t size = abi >= 6   ? sizeof(attr)
		      : abi >= 4 ? offsetof(struct ruleset_attr, scoped)
				 : sizeof(attr.handled_access_fs);
	int fd = sys_landlock_create_ruleset((const struct landlock_ruleset_attr *)&attr, size, 0);

	if (fd < 0)
		return err_sys(err, -fd, "cannot make a ruleset");
	return fd;
}

static int add_plan(const struct fsrules *rules, struct err *err)
{
	const struct plan *plan = rules->c->plan;

	for (size_t i = 0; i < plan->n_fsrules; i++) {
		int r = add_plan_rule(rules, &plan->fsrules[i], err);

		if (r < 0)
			return r;
	}
	return add_ports(rules, err);
}

/*
 * Mode audit: every file for everybody, whatever the rules, but no device nodes and nobody else's
 * signals and sockets. What that refuses goes into the kernel's audit log, where it has one.
 */
static int add_all(const struct fsrules *rules, struct err *err)
{
	return add_rule(rules, rules->c->root,
			landlock_granted(FILE_READ | FILE_WRITE | FILE_EXEC, true), err);
}

int fsrules_prepare(struct confine *c, struct err *err)
{
	const struct plan *plan = c->plan;
	struct fsrules rules = { .c = c, .ruleset = -1 };
	cleanup_close int ruleset = -1;
	int r;

	if (plan->landlock_abi == 0)
		return 0;
	rules.handled = landlock_known(LANDLOCK_FS, plan->landlock_abi);
	ruleset = make_ruleset(plan->landlock_abi, rules.handled,
			       plan->bundle->audit_only ? 0 : plan->net_handled, err);
	if (ruleset < 0)
		return ruleset;
	rules.ruleset = ruleset;
	r = plan->bundle->audit_only ? add_all(&rules, err) : add_plan(&rules, err);
	if (r < 0)
		return r;
	c->ruleset = steal_fd(ruleset);
	return 0;
}

int fsrules_apply(struct confine *c, struct err *err)
{
	uint64_t log = landlock_bit(LANDLOCK_LOG, "log_new_exec_on") &
		       landlock_known(LANDLOCK_LOG, c->plan->landlock_abi);
	int r;

	if (c->plan->landlock_abi == 0)
		return 0;
	r = sys_landlock_restrict_self(c->ruleset, c->plan->bundle->audit_only ? (uint32_t)log : 0);
	if (r < 0)
		return err_sys(err, -r, "cannot apply the ruleset");
	closep(&c->ruleset);
	return 0;
}

int fsrules_one_folder_apply(int dir, bool writable, struct err *err)
{
	int abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct fsrules rules = { .ruleset = -1 };
	cleanup_close int ruleset = -1;
	/* A whiteout is a character device 0:0, which anybody may make. */
	uint64_t rights = landlock_granted(FILE_READ | (writable ? FILE_WRITE : 0), true) |
			  (writable ? LANDLOCK_ACCESS_FS_MAKE_CHAR : 0);
	int r;

	if (abi <= 0)
		return 0;
	rules.handled = landlock_known(LANDLOCK_FS, abi);
	ruleset = make_ruleset(abi, rules.handled, 0, err);
	if (ruleset < 0)
		return ruleset;
	rules.ruleset = ruleset;
	r = add_rule(&rules, dir, rights, err);
	if (r < 0)
		return r;
	r = sys_landlock_restrict_self(ruleset, 0);
	return r < 0 ? err_sys(err, -r, "cannot apply the ruleset") : 0;
}
