/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/unpack_tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/flat.h"
#include "runtime/unpack_name.h"
#include "runtime/unpack_walk.h"

#define XATTR_VALUE_MAX 65536
#define OPAQUE_XATTR "user.overlay.opaque"
#define WHITEOUT_DEV makedev(0, 0)

struct tree_dir {
	struct tree_dir *next;
	const char *path; /* "." for the top */
	uint32_t mode;
	uint32_t uid, gid;
	struct timespec mtime;
};

void tree_init(struct tree *tree, int root, const struct tree_limits *limits, struct strbuf *report)
{
	*tree = (struct tree){
		.root = root, .limits = *limits, .report = report, .at = -1, .file = -1
	};
	tree->arena.limit = (size_t)256 << 20;
}

void tree_done(struct tree *tree)
{
	closep(&tree->at);
	closep(&tree->file);
	arena_done(&tree->arena);
}

/* One line of the report, up to a number of each kind: an image cannot make it endless. */
static void tell(struct tree *tree, uint64_t *count, const char *kind)
{
	if ((*count)++ < tree->limits.strange)
		flat_put(tree->report, kind, tree->entry.name);
}

/* The folder of an entry, remembered from the entry before. */
static int enter(struct tree *tree, const char *dir, struct err *err)
{
	int fd;

	if (tree->at_is_known && strcmp(tree->at_path, dir) == 0)
		return 0;
	tree->at_is_known = false;
	closep(&tree->at);
	fd = walk_open(tree->root, *dir ? dir : ".", O_PATH | O_DIRECTORY);
	if (fd == -ENOENT) {
		fd = walk_make(tree->root, dir);
		if (fd == 0)
			fd = walk_open(tree->root, dir, O_PATH | O_DIRECTORY);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return err_set(err, -fd, "a link or a file stands where its folder should be");
	if (fd < 0)
		return err_sys(err, -fd, "cannot open its folder");
	tree->at = fd;
	memcpy(tree->at_path, dir, strlen(dir) + 1);
	tree->at_is_known = true;
	return 0;
}

static struct timespec time_of(const struct entry *e)
{
	return (struct timespec){ .tv_sec = e->mtime, .tv_nsec = e->mtime_ns };
}

static int check_owner(const struct tree *tree, const struct entry *e, struct err *err)
{
	if (tree->limits.ids > 0 && (e->uid >= tree->limits.ids || e->gid >= tree->limits.ids))
		return err_set(
			err, ERANGE, "its owner %llu:%llu is outside of the %u ids there are",
			(unsigned long long)e->uid, (unsigned long long)e->gid, tree->limits.ids);
	return 0;
}

static bool needs_owner(const struct tree *tree, const struct entry *e)
{
	return tree->limits.ids > 0 && (e->uid != 0 || e->gid != 0);
}

static int set_owner(const struct tree *tree, const char *base, struct err *err)
{
	if (needs_owner(tree, &tree->entry) &&
	    fchownat(tree->at, base, (uid_t)tree->entry.uid, (gid_t)tree->entry.gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot set its owner");
	return 0;
}

/*
 * What stands in the way of an entry goes, unless it is a folder with something in it: a later
 * entry of a layer replaces an earlier one, and a whiteout that an earlier one made.
 */
static int make_way(const struct tree *tree, const char *base, bool *ret_was_whiteout)
{
	struct stat st = { 0 };
	int flag = 0;

	if (fstatat(tree->at, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_was_whiteout = S_ISCHR(st.st_mode);
	if (S_ISDIR(st.st_mode))
		flag = AT_REMOVEDIR;
	return unlinkat(tree->at, base, flag) < 0 ? -errno : 0;
}

/* Makes tree->entry in the folder tree->at. Returns a descriptor or 0, or -errno. */
typedef int (*make_fn)(const struct tree *tree, const char *base);

/* Try first, look later: something in the way is the rare case. */
static int make_fresh(struct tree *tree, const char *base, make_fn make, bool *ret_was_whiteout,
		      struct err *err)
{
	int made = make(tree, base);
	int r;

	if (made == -EEXIST) {
		r = make_way(tree, base, ret_was_whiteout);
		if (r < 0)
			return err_sys(err, -r, "cannot replace what has its name already");
		tree->at_is_known = false; /* it may have been that folder */
		made = make(tree, base);
	}
	return made < 0 ? err_sys(err, -made, "cannot make it") : made;
}

static int make_file(const struct tree *tree, const char *base)
{
	int fd = openat(tree->at, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			tree->entry.mode & 0777);

	return fd < 0 ? -errno : fd;
}

static int make_dir(const struct tree *tree, const char *base)
{
	return mkdirat(tree->at, base, (tree->entry.mode & 0777) | 0700) < 0 ? -errno : 0;
}

static int make_fifo(const struct tree *tree, const char *base)
{
	return mknodat(tree->at, base, S_IFIFO | (tree->entry.mode & 0777), 0) < 0 ? -errno : 0;
}

/* The text is kept as it is: it is resolved by the workload, in the workload's root. */
static int make_symlink(const struct tree *tree, const char *base)
{
	char text[PATH_MAX];

	memcpy(text, tree->entry.link.p, tree->entry.link.n);
	text[tree->entry.link.n] = '\0';
	return symlinkat(text, tree->at, base) < 0 ? -errno : 0;
}

/* Only to a regular file that this layer has made. */
static int make_hardlink(const struct tree *tree, const char *base)
{
	struct entry_name target = { 0 };
	struct err ignored = { 0 };
	struct stat st = { 0 };
	cleanup_close int dir = -1;

	if (entry_name_parse(tree->entry.link, &target, &ignored) < 0 || target.role != ENTRY_PLAIN)
		return -EINVAL;
	dir = walk_open(tree->root, *target.dir ? target.dir : ".", O_PATH | O_DIRECTORY);
	if (dir < 0)
		return dir;
	if (fstatat(dir, target.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EMLINK;
	return linkat(dir, target.base, tree->at, base, 0) < 0 ? -errno : 0;
}

static int make_whiteout(const struct tree *tree, const char *base)
{
	return mknodat(tree->at, base, S_IFCHR, WHITEOUT_DEV) < 0 ? -errno : 0;
}

/* Nothing of the layers below is seen in the folder. */
static int set_opaque(const struct tree *tree, const char *base, struct err *err)
{
	cleanup_close int fd =
		openat(tree->at, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "cannot open a folder to make it opaque");
	if (fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) < 0)
		return err_sys(
			err, errno,
			"cannot make a folder opaque: the store's file system must take user attributes");
	return 0;
}

/* A whiteout is for the layers below: what this layer itself has under that name stays. */
static int add_whiteout(struct tree *tree, const char *base, struct err *err)
{
	struct stat st = { 0 };
	int r = make_whiteout(tree, base);

	tree->count.whiteouts++;
	if (r != -EEXIST)
		return r < 0 ? err_sys(err, -r, "cannot make a whiteout") : 0;
	if (fstatat(tree->at, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot look at what a whiteout hides");
	return S_ISDIR(st.st_mode) ? set_opaque(tree, base, err) : 0;
}

/* What is set when the layer is complete. */
static int remember_dir(struct tree *tree, const struct entry_name *name, struct err *err)
{
	struct tree_dir *dir = arena_alloc(&tree->arena, sizeof(*dir));
	const char *path = name->role == ENTRY_ROOT
				   ? arena_strdup(&tree->arena, ".")
				   : arena_printf(&tree->arena, "%s%s%s", name->dir,
						  *name->dir ? "/" : "", name->base);

	if (!dir || !path)
		return err_set(err, ENOMEM, "out of memory: too many folders");
	*dir = (struct tree_dir){
		.path = path,
		.mode = tree->entry.mode & 01777,
		.uid = (uint32_t)tree->entry.uid,
		.gid = (uint32_t)tree->entry.gid,
		.mtime = time_of(&tree->entry),
	};
	if (tree->dirs_end)
		tree->dirs_end->next = dir;
	else
		tree->dirs = dir;
	tree->dirs_end = dir;
	return 0;
}

static int add_dir(struct tree *tree, const struct entry_name *name, struct err *err)
{
	bool was_whiteout = false;
	struct stat st = { 0 };
	int r;

	tree->count.dirs++;
	if (name->role != ENTRY_ROOT && (make_dir(tree, name->base) < 0)) {
		if (errno != EEXIST)
			return err_sys(err, errno, "cannot make it");
		if (fstatat(tree->at, name->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, errno, "cannot look at what is there");
		if (!S_ISDIR(st.st_mode)) {
			r = make_fresh(tree, name->base, make_dir, &was_whiteout, err);
			if (r == 0 && was_whiteout)
				r = set_opaque(tree, name->base, err);
			if (r < 0)
				return r;
		}
	}
	return remember_dir(tree, name, err);
}

/* Links, pipes: made and done. */
static int add_node(struct tree *tree, const char *base, make_fn make, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, time_of(&tree->entry) };
	bool ignored = false;
	int r = make_fresh(tree, base, make, &ignored, err);

	if (r < 0)
		return r;
	r = set_owner(tree, base, err);
	if (r < 0)
		return r;
	if (utimensat(tree->at, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot set its time");
	return 0;
}

static int add_hardlink(struct tree *tree, const char *base, struct err *err)
{
	bool ignored = false;
	int r;

	tree->count.links++;
	r = make_fresh(tree, base, make_hardlink, &ignored, err);
	if (r == -EINVAL || r == -ENOENT || r == -EMLINK || r == -ELOOP || r == -ENOTDIR)
		return err_set(err, -r,
			       "a hard link to something that is no regular file of this layer");
	return r;
}

static int add_file(struct tree *tree, const char *base, struct err *err)
{
	bool ignored = false;
	int r;

	tree->count.files++;
	if (tree->entry.size > tree->limits.bytes - tree->count.bytes)
		return err_set(err, EFBIG, "its files hold more than the limit of %llu bytes",
			       (unsigned long long)tree->limits.bytes);
	tree->count.bytes += tree->entry.size;
	r = make_fresh(tree, base, make_file, &ignored, err);
	if (r < 0)
		return r;
	tree->file = r;
	return 0;
}

static int add_symlink(struct tree *tree, const char *base, struct err *err)
{
	const struct span link = tree->entry.link;

	tree->count.links++;
	if (link.n == 0 || link.n >= PATH_MAX || span_has_byte(link, '\0'))
		return err_set(err, EINVAL, "a link to nothing, or to more than %d bytes",
			       PATH_MAX - 1);
	return add_node(tree, base, make_symlink, err);
}

static int add_plain(struct tree *tree, const struct entry_name *name, struct err *err)
{
	switch (tree->entry.type) {
	case ENTRY_FILE:
		return add_file(tree, name->base, err);
	case ENTRY_DIR:
		return add_dir(tree, name, err);
	case ENTRY_SYMLINK:
		return add_symlink(tree, name->base, err);
	case ENTRY_HARDLINK:
		return add_hardlink(tree, name->base, err);
	case ENTRY_FIFO:
		tree->count.files++;
		return add_node(tree, name->base, make_fifo, err);
	case ENTRY_DEVICE:
		tell(tree, &tree->count.devices, "device");
		return 0;
	}
	return err_set(err, EINVAL, "an unknown type");
}

static int add_marker(struct tree *tree, const struct entry_name *name, struct err *err)
{
	if (tree->entry.type != ENTRY_FILE || tree->entry.size > 0)
		return err_set(err, EINVAL, "a whiteout that is no empty file");
	if (name->role == ENTRY_WHITEOUT)
		return add_whiteout(tree, name->base, err);
	tree->count.opaques++;
	return set_opaque(tree, ".", err);
}

int tree_add(struct tree *tree, const struct entry *entry, struct err *err)
{
	struct entry_name name = { 0 };
	int r = entry_name_parse(entry->name, &name, err);

	if (r < 0)
		return r;
	tree->entry = *entry;
	if (++tree->count.entries > tree->limits.entries)
		return err_set(err, E2BIG, "more than the limit of %llu entries",
			       (unsigned long long)tree->limits.entries);
	r = check_owner(tree, entry, err);
	if (r < 0)
		return r;
	if ((entry->mode & (S_ISUID | S_ISGID)) && entry->type != ENTRY_SYMLINK)
		tell(tree, &tree->count.set_ids, "set-id");
	if (name.role == ENTRY_ROOT) {
		if (entry->type != ENTRY_DIR)
			return err_set(err, EINVAL, "the top of a layer is no folder");
		return add_dir(tree, &name, err);
	}
	r = enter(tree, name.dir, err);
	if (r < 0)
		return r;
	return name.role == ENTRY_PLAIN ? add_plain(tree, &name, err)
					: add_marker(tree, &name, err);
}

int tree_write(struct tree *tree, const void *bytes, size_t n, uint64_t offset, struct err *err)
{
	const char *p = bytes;

	if (tree->file < 0)
		return 0;
	if (offset > tree->entry.size || n > tree->entry.size - offset)
		return err_set(err, EBADMSG, "more bytes than its size");
	while (n > 0) {
		ssize_t done = pwrite(tree->file, p, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(err, errno, "cannot write it");
		p += done;
		offset += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

int tree_xattr(struct tree *tree, const char *name, const void *value, size_t n, struct err *err)
{
	cleanup_close int dir = -1;
	struct entry_name at = { 0 };
	int fd = tree->file;
	int r;

	if (strcmp(name, "security.capability") == 0)
		tell(tree, &tree->count.capabilities, "capability");
	if (!entry_xattr_is_kept(name) || n > XATTR_VALUE_MAX) {
		tree->count.xattrs++;
		return 0;
	}
	if (tree->entry.type == ENTRY_DIR) {
		r = entry_name_parse(tree->entry.name, &at, err);
		if (r < 0)
			return r;
		dir = openat(at.role == ENTRY_ROOT ? tree->root : tree->at,
			     at.role == ENTRY_ROOT ? "." : at.base,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd = dir;
	}
	if (fd < 0)
		return 0;
	if (fsetxattr(fd, name, value, n, 0) < 0 && errno != ENOTSUP)
		return err_sys(err, errno, "cannot set an attribute");
	return 0;
}

int tree_close_entry(struct tree *tree, struct err *err)
{
	const struct entry *e = &tree->entry;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, time_of(e) };
	cleanup_close int fd = steal_fd(tree->file);
	struct stat st = { 0 };

	if (fd < 0)
		return 0;
	/* A hole at the end is written by nobody. */
	if (e->size > 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_size < e->size &&
	    ftruncate(fd, (off_t)e->size) < 0)
		return err_sys(err, errno, "cannot give it its size");
	if (needs_owner(tree, e) && fchown(fd, (uid_t)e->uid, (gid_t)e->gid) < 0)
		return err_sys(err, errno, "cannot set its owner");
	if ((e->mode & S_ISVTX) && fchmod(fd, e->mode & 01777) < 0)
		return err_sys(err, errno, "cannot set its mode");
	if (futimens(fd, times) < 0)
		return err_sys(err, errno, "cannot set its time");
	return 0;
}

static int finish_dir(const struct tree *tree, const struct tree_dir *dir, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, dir->mtime };
	cleanup_close int fd = walk_open(tree->root, dir->path, O_RDONLY | O_DIRECTORY);

	if (fd == -ENOTDIR || fd == -ELOOP || fd == -ENOENT)
		return 0; /* replaced by a later entry */
	if (fd < 0)
		return err_sys(err, -fd, "cannot open a folder");
	if (tree->limits.ids > 0 && (dir->uid != 0 || dir->gid != 0) &&
	    fchown(fd, dir->uid, dir->gid) < 0)
		return err_sys(err, errno, "cannot set the owner of a folder");
	if (fchmod(fd, dir->mode) < 0)
		return err_sys(err, errno, "cannot set the mode of a folder");
	if (futimens(fd, times) < 0)
		return err_sys(err, errno, "cannot set the time of a folder");
	return 0;
}

int tree_finish(struct tree *tree, struct err *err)
{
	for (const struct tree_dir *dir = tree->dirs; dir; dir = dir->next) {
		int r = finish_dir(tree, dir, err);

		if (r < 0)
			return err_wrap(err, "%s", dir->path);
	}
	return 0;
}
