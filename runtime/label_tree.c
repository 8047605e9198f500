// SPDX-License-Identifier: Apache-2.0
#include "runtime/label_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/path.h"
#include "policies/to_selinux.h"

#define ATTRIBUTE "security.selinux"
#define DEPTH_MAX 256

/* Below these is what the system or a user's session needs with its own labels. */
static const char *const never[] = { "/",     "/usr",  "/etc",  "/var", "/home",  "/root",
				     "/boot", "/bin",  "/sbin", "/lib", "/lib64", "/opt",
				     "/srv",  "/proc", "/sys",  "/dev", "/run",   "/tmp" };

static bool has_label(const char *path, const char *label)
{
	char now[256] = "";
	ssize_t n = lgetxattr(path, ATTRIBUTE, now, sizeof(now) - 1);

	return n > 0 && strcmp(now, label) == 0;
}

/* By a name in a folder that is held open: the last component is not followed. */
static int label_one(int dir, const char *name, const char *label, struct err *err)
{
	char path[32 + NAME_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	if (lsetxattr(path, ATTRIBUTE, label, strlen(label) + 1, 0) < 0)
		return err_sys(err, errno, "cannot label %s", name);
	return 0;
}

static int label_below(int fd, const char *label, unsigned depth, struct err *err)
{
	cleanup_closedir DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = err_sys(err, errno, "cannot list a folder");
		close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		int below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		below = openat(dirfd(dir), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0 && depth == 0) {
			close(below);
			return err_set(err, ELOOP, "folders in folders, more than %d", DEPTH_MAX);
		}
		if (below >= 0)
			r = label_below(below, label, depth - 1, err);
		else if (errno != ENOTDIR && errno != ELOOP)
			return err_sys(err, errno, "cannot open %s", entry->d_name);
		if (r == 0)
			r = label_one(dirfd(dir), entry->d_name, label, err);
	}
	return r;
}

int label_tree(const char *path, const char *label, struct err *err)
{
	struct stat st = { 0 };
	int r = 0;

	if (has_label(path, label))
		return 0;
	if (lstat(path, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", path);
	if (S_ISDIR(st.st_mode)) {
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return err_sys(err, errno, "cannot open %s", path);
		r = label_below(fd, label, DEPTH_MAX, err);
	}
	if (r == 0 && lsetxattr(path, ATTRIBUTE, label, strlen(label) + 1, 0) < 0)
		r = err_sys(err, errno, "cannot label %s", path);
	return r < 0 ? err_wrap(err, "labels of %s", path) : 0;
}

static bool may_be_labelled(const char *path, const char *home)
{
	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		if (strcmp(path, never[i]) == 0)
			return false;
	}
	return !home || strcmp(path, home) != 0;
}

/* That of the run's own files, with another type and without the categories. */
static void make_shared_label(const char *own, char *ret, size_t n)
{
	struct span rest = span_of(own);
	struct span user = span_cut(&rest, ':');
	struct span role = span_cut(&rest, ':');
	struct span level;

	span_cut(&rest, ':');
	level = span_cut(&rest, ':');
	snprintf(ret, n, "%.*s:%.*s:" SELINUX_SHARED ":%.*s", (int)user.n, user.p, (int)role.n,
		 role.p, (int)level.n, level.p);
}

int label_volumes(const struct plan *plan, const char *home, struct err *err)
{
	char shared[512];

	if (plan->lsm.selinux)
		make_shared_label(plan->lsm.selinux_data, shared, sizeof(shared));
	for (size_t i = 0; plan->lsm.selinux && i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];
		bool own = m->flags & MOUNT_FLAG_LABEL_OWN;
		int r;

		if (m->kind != MOUNT_BIND ||
		    !(m->flags & (MOUNT_FLAG_LABEL | MOUNT_FLAG_LABEL_OWN | MOUNT_FLAG_NAMED)))
			continue;
		if (!may_be_labelled(m->source, home))
			return err_set(err, EINVAL,
				       "%s is not for sandboxes alone: its labels are left as they "
				       "are",
				       m->source);
		r = label_tree(m->source, own ? plan->lsm.selinux_data : shared, err);
		if (r < 0)
			return r;
	}
	return 0;
}
