/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/oci_open.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "sandbox/idmap.h"
#include "sandbox/oci_spawn.h"
#include "sandbox/steps.h"

int oci_open_proc(struct err *err)
{
	cleanup_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs = { 0 };

	if (proc < 0 || fstatfs(proc, &fs) < 0)
		return err_sys(err, errno, "cannot open /proc");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, EINVAL, "/proc is no procfs");
	return steal_fd(proc);
}

int oci_open_namespaces(const struct oci_plan *plan, int join[OCI_NS_COUNT], struct err *err)
{
	for (size_t i = 0; i < OCI_NS_COUNT; i++) {
		const struct oci_ns_plan *ns = &plan->ns[i];
		int kind;

		join[i] = -1;
		if (!ns->path)
			continue;
		join[i] = open(ns->path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
		if (join[i] < 0)
			return err_sys(err, errno, "cannot open the namespace %s", ns->path);
		kind = ioctl(join[i], NS_GET_NSTYPE);
		if (kind < 0 || (uint64_t)kind != oci_ns_rows[i].flag)
			return err_set(err, EINVAL, "%s is no %s namespace", ns->path,
				       oci_ns_rows[i].name);
	}
	return 0;
}

int oci_connect(const char *path, int type, struct err *err)
{
	cleanup_close int place = open(path, O_PATH | O_CLOEXEC);
	cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (place < 0 || fd < 0)
		return err_sys(err, errno, "cannot open the socket %s", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, errno, "cannot connect to %s", path);
	return steal_fd(fd);
}

/* A user namespace that holds nothing but maps, for an id-mapped mount. */
static int maps_as_userns(const struct oci_idmaps *uids, const struct oci_idmaps *gids,
			  struct err *err)
{
	const struct oci_plan plan = { .uids = *uids, .gids = *gids };
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	int ns;

	if (pid < 0)
		return err_sys(err, -pid, "cannot make a user namespace");
	if (pid == 0) {
		for (;;)
			pause();
	}
	ns = oci_idmaps_write(&plan, pid, err);
	if (ns == 0)
		ns = idmap_open_userns(pid, err);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ns;
}

static int map_ids(const struct oci_plan *plan, const struct oci_mount *m, int tree,
		   struct err *err)
{
	bool own = m->uids.n > 0;
	cleanup_close int userns = -1;
	struct mount_attr how = { .attr_set = MOUNT_ATTR_IDMAP };
	unsigned flags = AT_EMPTY_PATH | (m->idmap_all ? AT_RECURSIVE : 0);

	if (!own && (plan->uids.n == 0 || plan->gids.n == 0))
		return err_set(err, EINVAL,
			       "%s: an id-mapped mount needs mappings, its own or the container's",
			       m->target);
	userns = maps_as_userns(own ? &m->uids : &plan->uids, own ? &m->gids : &plan->gids, err);
	if (userns < 0)
		return userns;
	how.userns_fd = (uint64_t)userns;
	if (mount_setattr(tree, "", flags, &how, sizeof(how)) < 0)
		return err_sys(err, errno, "%s: cannot map the owners of %s", m->target, m->source);
	return 0;
}

/* What a more privileged mount locked stays as it is: more cannot be had, and less is not asked. */
static int set_attr(int tree, uint64_t set, uint64_t clear, unsigned flags)
{
	struct mount_attr how = { .attr_set = set, .attr_clr = clear };

	if (set == 0 && clear == 0)
		return 0;
	if (mount_setattr(tree, "", flags, &how, sizeof(how)) == 0)
		return 0;
	how.attr_clr = clear & MOUNT_ATTR__ATIME;
	if (errno != EPERM || mount_setattr(tree, "", flags, &how, sizeof(how)) < 0)
		return -errno;
	return 0;
}

static int open_bind(const struct oci_plan *plan, const struct oci_mount *m, struct err *err)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (m->no_follow ? O_NOFOLLOW : 0),
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	struct mount_attr spread = { .propagation = m->propagation ? m->propagation : MS_SLAVE };
	unsigned all = AT_EMPTY_PATH | (m->propagate_all || !m->propagation ? AT_RECURSIVE : 0);
	cleanup_close int source = sys_openat2(AT_FDCWD, m->source, &how);
	cleanup_close int tree = -1;
	int r;

	if (source < 0)
		return err_sys(err, -source, "mounts: cannot open %s", m->source);
	tree = tree_clone(source, "", m->recursive, err);
	if (tree < 0)
		return err_wrap(err, "mounts: %s", m->source);
	if (m->idmapped) {
		r = map_ids(plan, m, tree, err);
		if (r < 0)
			return r;
	}
	r = set_attr(tree, m->set, m->clear, AT_EMPTY_PATH);
	if (r == 0)
		r = set_attr(tree, m->set_all, m->clear_all, AT_EMPTY_PATH | AT_RECURSIVE);
	if (r < 0)
		return err_sys(err, -r, "mounts: cannot set the options of %s", m->target);
	if (mount_setattr(tree, "", all, &spread, sizeof(spread)) < 0)
		return err_sys(err, errno, "mounts: cannot set the propagation of %s", m->target);
	return steal_fd(tree);
}

static int open_root(const struct oci_plan *plan, struct err *err)
{
	cleanup_close int dir = open(plan->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st = { 0 };
	struct stat host = { 0 };

	if (dir < 0)
		return err_sys(err, errno, "cannot open the root %s", plan->root);
	if (fstat(dir, &st) < 0 || stat("/", &host) < 0)
		return err_sys(err, errno, "cannot look at the root %s", plan->root);
	if (st.st_dev == host.st_dev && st.st_ino == host.st_ino)
		return err_set(err, EINVAL, "the root of a container cannot be the host's");
	return tree_clone(dir, "", true, err);
}

int oci_open_all(const struct oci_plan *plan, int cgroup_dir, struct arena *arena,
		 struct oci_child_fds *ret, struct err *err)
{
	int *mounts = arena_array(arena, plan->n_mounts + 1, sizeof(*mounts));
	bool wants_cgroup = false;

	if (!mounts)
		return err_set(err, ENOMEM, "out of memory");
	ret->root = open_root(plan, err);
	if (ret->root < 0)
		return ret->root;
	for (size_t i = 0; i < plan->n_mounts; i++) {
		mounts[i] = -1;
		wants_cgroup = wants_cgroup || plan->mounts[i].kind == OCI_MOUNT_CGROUP;
		if (plan->mounts[i].kind != OCI_MOUNT_BIND)
			continue;
		mounts[i] = open_bind(plan, &plan->mounts[i], err);
		if (mounts[i] < 0)
			return mounts[i];
	}
	ret->mounts = mounts;
	ret->cgroup_tree = -1;
	if (wants_cgroup && cgroup_dir >= 0) {
		ret->cgroup_tree = tree_clone(cgroup_dir, "", true, err);
		if (ret->cgroup_tree < 0)
			return ret->cgroup_tree;
	}
	return 0;
}

int oci_protect_self(char *const argv[], struct err *err)
{
	static const char self[] = "/proc/self/exe";
	struct statvfs fs = { 0 };
	struct mount_attr how = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int exe = open(self, O_PATH | O_CLOEXEC);
	cleanup_close int tree = -1;
	int r;

	if (exe < 0 || fstatvfs(exe, &fs) < 0)
		return err_sys(err, errno, "cannot look at our own program");
	if (fs.f_flag & ST_RDONLY)
		return 0;
	if (geteuid() != 0 && faccessat(AT_FDCWD, self, W_OK, AT_EACCESS) < 0)
		return 0;
	tree = tree_clone(exe, "", false, err);
	if (tree == -EPERM && geteuid() != 0)
		return 0; /* our own file, in a container with our own rights alone */
	if (tree < 0)
		return tree;
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &how, sizeof(how)) < 0)
		return err_sys(err, errno, "cannot protect our own program");
	r = sys_execveat(tree, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, -r, "cannot start again from a read-only mount");
}
