/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc for the workload: one fresh procfs, verified and pinned by descriptor (R4); everything at
 * its top that is not on the list hidden; namespace counts of zero written through it (R9).
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/path.h"
#include "policies/lsm_rules.h"
#include "sandbox/steps.h"

/* What a workload may see at the top of /proc besides its own processes; sorted. */
static const char *const shown[] = {
	"cpuinfo", "filesystems", "loadavg", "meminfo",     "mounts", "net",
	"self",    "stat",        "sys",     "thread-self", "uptime", "version",
};

/* Source: user_namespaces(7), namespaces(7), Documentation/admin-guide/sysctl/user.rst */
static const struct {
	const char *name;
	const char *value;
} counts[] = {
	{ "max_user_namespaces", "0" },    { "max_mnt_namespaces", "0" },
	{ "max_pid_namespaces", "0" },     { "max_net_namespaces", "0" },
	{ "max_ipc_namespaces", "0" },     { "max_uts_namespaces", "0" },
	{ "max_cgroup_namespaces", "0" },  { "max_time_namespaces", "0" },
	{ "max_inotify_instances", "64" }, { "max_inotify_watches", "65536" },
};

static bool is_shown(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		if (strcmp(shown[i], name) == 0)
			return true;
	}
	return false;
}

/* Groups of fanotify(7), which the filter refuses first, are counted like namespaces since 5.13. */
static int forbid_groups(const struct confine *c, struct err *err)
{
	int r;

	if (lsm_allows_number(c->plan->bundle, SYS_fanotify_init, (const uint64_t[6]){ 0 }))
		return 0;
	r = fd_write_text(c->sys_user, "max_fanotify_groups", "0", err);
	return r == -ENOENT ? 0 : r;
}

/*
 * Cloning and making mounts counts as making mount namespaces, so this comes after the last mount;
 * by then /proc/sys is read-only, hence the descriptor from before.
 */
int nslimits_apply(struct confine *c, struct err *err)
{
	int r;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		r = fd_write_text(c->sys_user, counts[i].name, counts[i].value, err);
		if (r < 0)
			return r;
	}
	r = forbid_groups(c, err);
	closep(&c->sys_user);
	return r;
}

/* The name is one component of our own procfs, and move_mount(2) follows no link there. */
static int hide(const struct confine *c, const char *name, bool is_dir, struct err *err)
{
	cleanup_close int tree = tree_clone(c->scratch, is_dir ? "empty" : "none", false, err);

	if (tree < 0)
		return tree;
	if (move_mount(tree, "", c->proc, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(err, errno, "cannot hide /proc/%s", name);
	return 0;
}

/* Found by listing, so that what a newer kernel adds is hidden too. */
static int hide_all_but_shown(const struct confine *c, struct err *err)
{
	int copy = openat(c->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list /proc");
	}
	for (;;) {
		const struct dirent *entry;
		int r;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (entry->d_name[0] == '.' || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9'))
			continue;
		if (entry->d_type == DT_LNK || is_shown(entry->d_name))
			continue;
		r = hide(c, entry->d_name, entry->d_type == DT_DIR, err);
		if (r < 0)
			return r;
	}
	if (errno)
		return err_sys(err, errno, "cannot list /proc");
	return 0;
}

static int make_sys_read_only(const struct confine *c, struct err *err)
{
	const uint64_t attr =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	cleanup_close int target =
		openat(c->proc, "sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int tree = -1;
	int r;

	if (target < 0)
		return err_sys(err, errno, "cannot open /proc/sys");
	tree = tree_clone(c->proc, "sys", false, err);
	if (tree < 0)
		return tree;
	r = tree_restrict(tree, attr, false, err);
	if (r < 0)
		return r;
	return tree_attach(tree, target, err);
}

int procmount_apply(struct confine *c, struct err *err)
{
	const unsigned attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	static const char *const options[] = { "hidepid", "invisible", NULL };
	cleanup_close int target = -1;
	struct statfs fs = { 0 };
	int r;

	target = mount_point_open(c, "/proc", true, err);
	if (target < 0)
		return target;
	c->proc = fs_make("proc", options, attr, err);
	if (c->proc < 0)
		return c->proc;
	if (fstatfs(c->proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, EINVAL, "the new proc is none");
	r = tree_attach(c->proc, target, err);
	if (r < 0)
		return r;
	c->sys_user = openat(c->proc, "sys/user", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->sys_user < 0)
		return err_sys(err, errno, "cannot open /proc/sys/user");
	r = make_sys_read_only(c, err);
	if (r < 0)
		return r;
	return hide_all_but_shown(c, err);
}
