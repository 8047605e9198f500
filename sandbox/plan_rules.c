/* SPDX-License-Identifier: Apache-2.0 */
/* What Landlock lets be done with what is shown. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "sandbox/plan_parts.h"

static bool is_folder_of_host(const char *path)
{
	struct stat st = { 0 };

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* In the layers of the root, links followed inside of them. The topmost that has it is seen. */
static bool is_folder_of_root(const struct plan *plan, const char *path)
{
	for (size_t i = plan->n_layers; i-- > 0;) {
		cleanup_close int dir =
			open(plan->layers[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct err ignored = { 0 };
		struct stat st = { 0 };
		cleanup_close int fd = dir < 0 ? -1 : path_open_in(dir, path, O_PATH, 0, &ignored);

		if (fd >= 0 && fstat(fd, &st) == 0)
			return S_ISDIR(st.st_mode);
	}
	return false;
}

static const struct plan_mount *mount_of(const struct plan *plan, const char *path)
{
	const struct plan_mount *shows = NULL;

	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];

		if (path_is_below(path, m->target) &&
		    (!shows || strlen(m->target) >= strlen(shows->target)))
			shows = m;
	}
	return shows;
}

static bool is_folder_of_mount(const struct planner *p, const struct plan_mount *m,
			       const char *path)
{
	const char *rest = path + strlen(m->target);
	const char *source;

	if (*rest == '\0' && m->kind != MOUNT_BIND && m->kind != MOUNT_LINK)
		return m->kind == MOUNT_TMPFS || m->kind == MOUNT_DIR;
	if (m->kind == MOUNT_LINK)
		return is_folder_of_host(path); /* only in a view of the host */
	if (m->kind != MOUNT_BIND)
		return false;
	source = arena_printf(p->arena, "%s%s", m->source, rest);
	return source && is_folder_of_host(source);
}

/*
 * Does the path name a folder? Only for the ledger and for what is told beforehand: the child looks
 * again at what it really is, and grants no folder without stars.
 */
static bool is_folder(const struct planner *p, const char *path)
{
	static const char *const made[] = { "/", "/dev", "/dev/pts", "/dev/shm", "/proc" };
	const struct plan_mount *m = mount_of(p->plan, path);

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		if (strcmp(path, made[i]) == 0)
			return true;
	}
	if (path_is_below(path, "/dev"))
		return false;
	if (m)
		return is_folder_of_mount(p, m, path);
	if (p->request->root_kind == ROOT_HOST || path_is_below(path, "/proc"))
		return is_folder_of_host(path);
	return is_folder_of_root(p->plan, path);
}

/* Remembered for the ledger. */
static int add_folder_alone(struct planner *p, const struct bundle_file *file, struct err *err)
{
	const char **grown = arena_grow(p->arena, p->folders_alone, &p->cap_folders_alone,
					p->n_folders_alone + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	p->folders_alone = grown;
	grown[p->n_folders_alone++] = file->path;
	return 0;
}

/* The policy's rules as they are, then what the command line added by naming volumes. */
int plan_fsrules(struct planner *p, struct err *err)
{
	for (size_t i = 0; i < p->bundle->n_files; i++) {
		const struct bundle_file *file = &p->bundle->files[i];
		struct plan_fsrule rule = { .access = file->access & ~(unsigned)FILE_DENY,
					    .path = file->path,
					    .tree = file->tree,
					    .optional = true };
		int r = 0;

		if (rule.access && !rule.tree && is_folder(p, rule.path))
			r = add_folder_alone(p, file, err);
		else if (rule.access)
			r = planner_add_fsrule(p, rule, err);
		if (r < 0)
			return r;
	}
	if (p->request->root_writable) {
		struct plan_fsrule all = { .access = FILE_READ | FILE_WRITE,
					   .path = "/",
					   .tree = true };
		int r = planner_add_fsrule(p, all, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < p->plan->n_mounts; i++) {
		const struct plan_mount *m = &p->plan->mounts[i];
		struct plan_fsrule rule = { .access = FILE_READ, .path = m->target, .tree = true };
		int r;

		if (!(m->flags & MOUNT_FLAG_VOLUME) && m->kind != MOUNT_TMPFS)
			continue;
		rule.optional = m->flags & MOUNT_FLAG_OPTIONAL;
		if (!(m->flags & MOUNT_FLAG_RO))
			rule.access |= FILE_WRITE;
		if (m->flags & MOUNT_FLAG_EXEC)
			rule.access |= FILE_EXEC;
		r = planner_add_fsrule(p, rule, err);
		if (r < 0)
			return r;
	}
	return 0;
}
