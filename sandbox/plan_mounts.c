/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown where, and what Landlock lets be done with it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "sandbox/idmap.h"
#include "sandbox/plan_parts.h"

#define TMP_BYTES_DEFAULT ((uint64_t)256 << 20)
#define TMP_INODES 65536
#define RUN_BYTES ((uint64_t)4 << 10) /* empty, read-only: the host's sockets are not there */
#define LINK_MAX_BYTES 256

static uint64_t tmp_bytes(const struct planner *p)
{
	return p->plan->limits.set & LIMIT_TMP ? p->plan->limits.tmp : TMP_BYTES_DEFAULT;
}

static int add_tmpfs(struct planner *p, const char *target, uint64_t bytes, mode_t mode,
		     unsigned flags, struct err *err)
{
	return planner_add_mount(p,
				 (struct plan_mount){ .kind = MOUNT_TMPFS,
						      .flags = flags,
						      .target = target,
						      .size = bytes,
						      .inodes = TMP_INODES,
						      .mode = mode },
				 err);
}

/* A folder of the host as it is: a directory is shown read-only, a link stays a link. */
static int add_host_view(struct planner *p, const char *path, struct err *err)
{
	struct plan_mount mount = {
		.kind = MOUNT_BIND, .flags = MOUNT_FLAG_RO, .source = path, .target = path
	};
	char text[LINK_MAX_BYTES];
	struct stat st = { 0 };
	ssize_t n;

	if (lstat(path, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, text, sizeof(text) - 1);
		if (n <= 0)
			return 0;
		mount.kind = MOUNT_LINK;
		mount.source = arena_strndup(p->arena, text, (size_t)n);
		if (!mount.source)
			return err_set(err, ENOMEM, "out of memory");
	}
	mount.is_dir = S_ISDIR(st.st_mode);
	return planner_add_mount(p, mount, err);
}

static const char *const host_views[] = {
	"/usr", "/etc", "/opt", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
};
static const char *const empty_dirs[] = { "/home", "/root", "/mnt", "/srv", "/var", "/run" };

static bool shares_with(const char *a, const char *b)
{
	return path_is_below(a, b) || path_is_below(b, a);
}

/*
 * The working folder can be shown if it gives away no more than itself: not the root, not a home or
 * what holds one, nothing of the system's, nothing of ours.
 */
static bool may_show_cwd(const struct planner *p)
{
	static const char *const apart[] = { "/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp" };
	const char *cwd = p->request->cwd;

	if (!p->request->read_cwd || !cwd || strcmp(cwd, "/") == 0)
		return false;
	if (p->request->home && path_is_below(p->request->home, cwd))
		return false;
	if (p->request->private_dir && shares_with(cwd, p->request->private_dir))
		return false;
	if (p->request->data_dir && shares_with(cwd, p->request->data_dir))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(host_views); i++) {
		if (shares_with(cwd, host_views[i]))
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(empty_dirs); i++) {
		if (strcmp(cwd, empty_dirs[i]) == 0)
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(apart); i++) {
		if (path_is_below(apart[i], cwd) || strcmp(cwd, apart[i]) == 0)
			return false;
	}
	for (size_t i = 0; i < p->request->n_mounts; i++) {
		if (path_is_below(cwd, p->request->mounts[i].target))
			return false; /* named with more rights already */
	}
	return true;
}

static int add_host_root(struct planner *p, struct err *err)
{
	struct stat st = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(host_views); i++)
		r = add_host_view(p, host_views[i], err);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(empty_dirs); i++)
		r = planner_add_mount(
			p, (struct plan_mount){ .kind = MOUNT_DIR, .target = empty_dirs[i] }, err);
	if (r == 0)
		r = add_tmpfs(p, "/tmp", tmp_bytes(p), 01777, 0, err);
	if (r == 0)
		r = add_tmpfs(p, "/var/tmp", tmp_bytes(p), 01777, 0, err);
	if (r == 0 && may_show_cwd(p) && lstat(p->request->cwd, &st) == 0 && S_ISDIR(st.st_mode))
		r = planner_add_mount(
			p,
			(struct plan_mount){ .kind = MOUNT_BIND,
					     .flags = MOUNT_FLAG_RO | MOUNT_FLAG_VOLUME,
					     .source = p->request->cwd,
					     .target = p->request->cwd,
					     .is_dir = true,
					     .dev = st.st_dev,
					     .ino = st.st_ino },
			err);
	return r;
}

static int add_dir_root(struct planner *p, struct err *err)
{
	int r = add_tmpfs(p, "/tmp", tmp_bytes(p), 01777, MOUNT_FLAG_OPTIONAL, err);

	if (r == 0)
		r = add_tmpfs(p, "/var/tmp", tmp_bytes(p), 01777, MOUNT_FLAG_OPTIONAL, err);
	if (r == 0)
		r = add_tmpfs(p, "/run", RUN_BYTES, 0755, MOUNT_FLAG_OPTIONAL | MOUNT_FLAG_RO, err);
	return r;
}

static int check_target(const struct plan_mount *m, struct err *err)
{
	static const char *const reserved[] = { "/proc", "/dev", "/sys" };

	if (strcmp(m->target, "/") == 0)
		return err_set(err, EINVAL, "nothing can be mounted on /: name a folder below it");
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
		if (path_is_below(m->target, reserved[i]))
			return err_set(err, EINVAL,
				       "nothing can be mounted on %s: %s is immure's own",
				       m->target, reserved[i]);
	}
	return 0;
}

static int check_source(const struct planner *p, const struct plan_mount *m, struct err *err)
{
	static const char *const kernel[] = { "/proc", "/sys", "/dev" };
	const char *own = p->request->private_dir;
	const char *data = p->request->data_dir;

	if (strcmp(m->source, "/") == 0)
		return err_set(err, EINVAL,
			       "the volume source / would show the whole host: name a folder");
	for (size_t i = 0; i < ARRAY_LEN(kernel); i++) {
		if (path_is_below(m->source, kernel[i]))
			return err_set(err, EINVAL, "the volume source %s lies in the kernel's %s",
				       m->source, kernel[i]);
	}
	if (own && shares_with(m->source, own))
		return err_set(
			err, EINVAL,
			"the volume source %s would show immure's own records in %s: name a narrower folder",
			m->source, own);
	if (data && !(m->flags & MOUNT_FLAG_NAMED) && shares_with(m->source, data))
		return err_set(
			err, EINVAL,
			"the volume source %s would show immure's images and volumes in %s: name a narrower folder, or a volume by its name",
			m->source, data);
	if (!(m->flags & MOUNT_FLAG_RO) && p->request->own_program &&
	    path_is_below(p->request->own_program, m->source))
		return err_set(
			err, EINVAL,
			"the volume source %s holds the program %s, which must not become writable",
			m->source, p->request->own_program);
	return 0;
}

/*
 * For root: must the owner be shown as the workload? Not where it is the workload already, nor in a
 * volume that was given to the ids of root's workloads, whoever of them.
 */
static bool needs_idmap(const struct planner *p, const struct plan_mount *m, const struct stat *st)
{
	const struct plan_ids *ids = &p->plan->ids;

	if (!p->host->is_root)
		return false;
	if (m->flags & MOUNT_FLAG_NAMED)
		return idmap_inside(ids->uids, ids->n_uid, st->st_uid) == UINT32_MAX ||
		       idmap_inside(ids->gids, ids->n_gid, st->st_gid) == UINT32_MAX;
	return idmap_outside(ids->uids, ids->n_uid, ids->uid) != st->st_uid ||
	       idmap_outside(ids->gids, ids->n_gid, ids->gid) != st->st_gid;
}

/* Nothing is made for a plan that is only looked at. */
static int add_anonymous(struct planner *p, struct plan_mount m, struct err *err)
{
	m.source = "a volume of its own";
	m.is_dir = true;
	m.flags |= MOUNT_FLAG_VOLUME;
	return planner_add_mount(p, m, err);
}

/* Look at the source once, now; the child opens it again and compares (R1). */
static int add_volume(struct planner *p, struct plan_mount m, struct err *err)
{
	struct stat st = { 0 };
	int r;

	if (m.flags & MOUNT_FLAG_ANONYMOUS)
		return add_anonymous(p, m, err);
	r = check_source(p, &m, err);
	if (r < 0)
		return r;
	if (lstat(m.source, &st) < 0)
		return err_sys(err, errno, "cannot use the volume source %s", m.source);
	if (S_ISLNK(st.st_mode))
		return err_set(err, ELOOP, "the volume source %s is a link: name what it points to",
			       m.source);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISSOCK(st.st_mode))
		return err_set(
			err, EINVAL,
			"the volume source %s is neither a directory nor a file nor a socket",
			m.source);
	m.dev = st.st_dev;
	m.ino = st.st_ino;
	m.is_dir = S_ISDIR(st.st_mode);
	m.flags |= MOUNT_FLAG_VOLUME;
	if (needs_idmap(p, &m, &st))
		m.flags |= MOUNT_FLAG_IDMAP;
	return planner_add_mount(p, m, err);
}

static int add_requested(struct planner *p, struct err *err)
{
	for (size_t i = 0; i < p->request->n_mounts; i++) {
		struct plan_mount m = p->request->mounts[i];
		int r = check_target(&m, err);

		for (size_t k = 0; r == 0 && k < i; k++) {
			if (strcmp(m.target, p->request->mounts[k].target) == 0)
				r = err_set(err, EINVAL, "%s is named twice as a mount", m.target);
		}
		if (r < 0)
			return r;
		if (m.kind == MOUNT_TMPFS) {
			m.size = m.size ? m.size : tmp_bytes(p);
			m.inodes = m.inodes ? m.inodes : TMP_INODES;
			m.mode = m.mode ? m.mode : 01777;
			r = planner_add_mount(p, m, err);
		} else if (m.kind == MOUNT_DIR) {
			r = planner_add_mount(p, m, err);
		} else {
			r = add_volume(p, m, err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_masks(struct planner *p, struct err *err)
{
	/* In mode audit no rule takes anything away: runtime/look.h records instead. */
	for (size_t i = 0; i < p->bundle->n_files && !p->bundle->audit_only; i++) {
		const struct bundle_file *file = &p->bundle->files[i];
		int r;

		if (!(file->access & FILE_DENY))
			continue;
		r = planner_add_mount(
			p, (struct plan_mount){ .kind = MOUNT_MASK, .target = file->path }, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A requested mount replaces a default one on the same place, and parents come before children. */
static void order_mounts(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_mounts; i++) {
		bool replaced = false;

		for (size_t k = i + 1; k < plan->n_mounts; k++) {
			if (plan->mounts[k].kind != MOUNT_MASK &&
			    plan->mounts[k].kind != MOUNT_DIR &&
			    strcmp(plan->mounts[i].target, plan->mounts[k].target) == 0)
				replaced = true;
		}
		if (!replaced)
			plan->mounts[kept++] = plan->mounts[i];
	}
	plan->n_mounts = kept;
	for (size_t i = 1; i < kept; i++) {
		struct plan_mount m = plan->mounts[i];
		size_t k = i;

		/* Stable: only a child that stands before its parent moves. */
		while (k > 0 && strcmp(plan->mounts[k - 1].target, m.target) != 0 &&
		       path_is_below(plan->mounts[k - 1].target, m.target)) {
			plan->mounts[k] = plan->mounts[k - 1];
			k--;
		}
		plan->mounts[k] = m;
	}
}

int plan_mounts(struct planner *p, struct err *err)
{
	int r;

	if (p->bundle->limits.set & LIMIT_TMP)
		p->plan->limits.tmp = p->bundle->limits.tmp;
	p->plan->limits.set |= p->bundle->limits.set & LIMIT_TMP;
	r = p->request->root_kind == ROOT_HOST ? add_host_root(p, err) : add_dir_root(p, err);
	if (r == 0)
		r = plan_net_texts(p, err);
	if (r == 0)
		r = add_requested(p, err);
	if (r == 0)
		r = add_masks(p, err);
	if (r == 0)
		order_mounts(p->plan);
	return r;
}
