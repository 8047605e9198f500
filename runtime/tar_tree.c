/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tar_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "runtime/tar_write.h"

#define DEPTH_MAX 256
#define COPY_BYTES ((size_t)256 << 10)
#define XATTRS_MAX 65536
#define WHITEOUT ".wh."
#define OPAQUE_MARK ".wh..wh..opq"
#define OVERLAY_XATTR "user.overlay."
#define OPAQUE_XATTR "user.overlay.opaque"
#define WHITEOUT_XATTR "user.overlay.whiteout"

/* The first name of a file that has several. */
struct seen {
	struct seen *next;
	dev_t dev;
	ino_t ino;
	const char *path;
};

#define SEEN_BUCKETS 1024

struct writer {
	const struct tar_rules *rules;
	int out;
	char *buffer; /* COPY_BYTES */
	struct strbuf path;
	struct strbuf block;   /* of one entry */
	struct strbuf records; /* its attributes */
	struct arena arena;
	struct seen *seen[SEEN_BUCKETS];
};

static int flush_block(struct writer *w, struct err *err)
{
	int r = w->block.failed ? -ENOMEM : fd_write_all(w->out, w->block.p, w->block.len);

	strbuf_reset(&w->block);
	return r < 0 ? err_sys(err, -r, "cannot write the archive") : 0;
}

static int put_header(struct writer *w, const struct tar_entry *entry, struct err *err)
{
	int r = tar_header(entry, &w->block);

	return r < 0 ? err_set(err, -r, "cannot make a header for %s", entry->path) : 0;
}

/* Exactly `size` bytes, whatever the file has become meanwhile. */
static int write_bytes(struct writer *w, int fd, uint64_t size, struct err *err)
{
	uint64_t left = size;

	while (left > 0) {
		size_t want = left < COPY_BYTES ? (size_t)left : COPY_BYTES;
		ssize_t n = fd_read_full(fd, w->buffer, want);
		int r;

		if (n < 0)
			return err_sys(err, (int)-n, "cannot read %s", strbuf_str(&w->path));
		if ((size_t)n != want)
			return err_set(err, ESTALE, "%s got shorter while it was read",
				       strbuf_str(&w->path));
		r = fd_write_all(w->out, w->buffer, want);
		if (r < 0)
			return err_sys(err, -r, "cannot write the archive");
		left -= want;
	}
	tar_pad(&w->block, size);
	return flush_block(w, err);
}

static uint64_t inside(const struct proc_idmap *maps, size_t n, uint32_t outside)
{
	for (size_t i = 0; i < n; i++) {
		if (outside >= maps[i].outside && outside - maps[i].outside < maps[i].count)
			return maps[i].inside + (uint64_t)(outside - maps[i].outside);
	}
	return outside;
}

static void set_facts(const struct writer *w, const struct stat *st, struct tar_entry *entry)
{
	const struct tar_rules *rules = w->rules;

	entry->mode = st->st_mode;
	entry->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	entry->mtime = st->st_mtime;
	if (rules->has_newest && entry->mtime > rules->newest)
		entry->mtime = rules->newest;
	if (rules->one_owner)
		return;
	entry->uid = inside(rules->uids, rules->n_uid, st->st_uid);
	entry->gid = inside(rules->gids, rules->n_gid, st->st_gid);
}

/* Attributes that a layer may hold, as the unpacker takes them; those of overlayfs are not its. */
static int add_xattr(struct writer *w, int fd, const char *name)
{
	cleanup_strbuf struct strbuf key = { 0 };
	char *value = w->buffer;
	ssize_t n;

	if (strncmp(name, "user.", 5) != 0 ||
	    strncmp(name, OVERLAY_XATTR, strlen(OVERLAY_XATTR)) == 0)
		return 0;
	n = fgetxattr(fd, name, value, XATTRS_MAX);
	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	strbuf_addf(&key, "SCHILY.xattr.%s", name);
	tar_record(&w->records, strbuf_str(&key), value, (size_t)n);
	return key.failed ? -ENOMEM : 0;
}

static int by_name(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static int add_xattrs(struct writer *w, int fd, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	char *list = arena_alloc(&arena, XATTRS_MAX);
	const char **names = NULL;
	size_t cap = 0;
	size_t n = 0;
	ssize_t length = list ? flistxattr(fd, list, XATTRS_MAX) : -1;
	int r = 0;

	if (length < 0)
		return !list              ? err_set(err, ENOMEM, "out of memory")
		       : errno == ENOTSUP ? 0
					  : err_sys(err, errno, "cannot list attributes");
	for (const char *at = list; at < list + length; at += strlen(at) + 1) {
		names = arena_grow(&arena, names, &cap, n + 1, sizeof(*names));
		if (!names)
			return err_set(err, ENOMEM, "out of memory");
		names[n++] = at;
	}
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_xattr(w, fd, names[i]);
	return r < 0 ? err_sys(err, -r, "cannot read attributes") : 0;
}

/* Has this file been written under another name? Then it is a link to that. */
static int find_seen(struct writer *w, const struct stat *st, const char **ret)
{
	struct seen **bucket = &w->seen[st->st_ino % SEEN_BUCKETS];
	struct seen *one = *bucket;

	*ret = NULL;
	for (; one; one = one->next) {
		if (one->ino == st->st_ino && one->dev == st->st_dev) {
			*ret = one->path;
			return 0;
		}
	}
	one = arena_alloc(&w->arena, sizeof(*one));
	if (!one)
		return -ENOMEM;
	*one = (struct seen){ .next = *bucket,
			      .dev = st->st_dev,
			      .ino = st->st_ino,
			      .path = arena_strdup(&w->arena, strbuf_str(&w->path)) };
	*bucket = one;
	return one->path ? 0 : -ENOMEM;
}

static int write_folder(struct writer *w, int fd, int depth, struct err *err);

/* "DIR/.wh.NAME" or "DIR/.wh..wh..opq": an empty file whose name says it all. */
static int write_mark(struct writer *w, const char *mark, const char *name, struct err *err)
{
	cleanup_strbuf struct strbuf path = { 0 };
	struct tar_entry entry = { .mode = S_IFREG };
	size_t dir = w->path.len - strlen(name);
	int r;

	strbuf_add(&path, strbuf_str(&w->path), dir);
	strbuf_puts(&path, mark);
	strbuf_puts(&path, name);
	if (path.failed)
		return err_set(err, ENOMEM, "out of memory");
	entry.path = path.p;
	r = put_header(w, &entry, err);
	return r < 0 ? r : flush_block(w, err);
}

static bool is_opaque(int fd)
{
	char value = 0;

	return fgetxattr(fd, OPAQUE_XATTR, &value, 1) == 1 && value == 'y';
}

static int write_file(struct writer *w, int fd, const struct stat *st, struct tar_entry *entry,
		      struct err *err)
{
	int r = 0;

	if (w->rules->layer && st->st_nlink > 1)
		r = find_seen(w, st, &entry->link);
	if (r < 0)
		return err_set(err, ENOMEM, "out of memory");
	entry->is_hardlink = entry->link != NULL;
	if (entry->is_hardlink) {
		entry->size = 0;
		entry->records = NULL;
	}
	r = put_header(w, entry, err);
	if (r == 0)
		r = flush_block(w, err);
	return r < 0 || entry->is_hardlink ? r : write_bytes(w, fd, entry->size, err);
}

static int write_dir(struct writer *w, int fd, const struct tar_entry *entry, int depth,
		     struct err *err)
{
	int copy;
	int r = put_header(w, entry, err);

	if (r == 0)
		r = flush_block(w, err);
	if (r == 0 && w->rules->layer && is_opaque(fd))
		r = write_mark(w, OPAQUE_MARK, "", err);
	if (r < 0)
		return r;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? err_sys(err, errno, "cannot open %s", entry->path)
			: write_folder(w, copy, depth - 1, err); /* takes the descriptor */
}

/* A file or a folder, by what is opened: it may be something else than was listed. */
static int write_opened(struct writer *w, int at, const char *name, int depth, struct err *err)
{
	cleanup_close int fd =
		openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct tar_entry entry = { 0 };
	struct stat st = { 0 };
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot open %s", strbuf_str(&w->path));
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(err, ESTALE, "%s became something else while it was read",
			       strbuf_str(&w->path));
	if (w->rules->layer && S_ISREG(st.st_mode) && st.st_size == 0 &&
	    fgetxattr(fd, WHITEOUT_XATTR, NULL, 0) >= 0)
		return write_mark(w, WHITEOUT, name, err);
	if (S_ISDIR(st.st_mode))
		strbuf_putc(&w->path, '/');
	set_facts(w, &st, &entry);
	strbuf_reset(&w->records);
	if (w->rules->layer)
		r = add_xattrs(w, fd, err);
	if (r < 0)
		return err_wrap(err, "%s", strbuf_str(&w->path));
	entry.path = strbuf_str(&w->path);
	entry.records = w->records.len > 0 ? &w->records : NULL;
	return S_ISDIR(st.st_mode) ? write_dir(w, fd, &entry, depth, err)
				   : write_file(w, fd, &st, &entry, err);
}

static int write_node(struct writer *w, int at, const char *name, const struct stat *st,
		      struct err *err)
{
	struct tar_entry entry = { .path = strbuf_str(&w->path) };
	char target[PATH_MAX] = "";
	ssize_t n;
	int r;

	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(at, name, target, sizeof(target) - 1);
		if (n < 0)
			return err_sys(err, errno, "cannot read the link %s", entry.path);
		target[n] = '\0';
		entry.link = target;
	}
	set_facts(w, st, &entry);
	r = put_header(w, &entry, err);
	return r < 0 ? r : flush_block(w, err);
}

static int write_entry(struct writer *w, int at, const char *name, int depth, struct err *err)
{
	struct stat st = { 0 };

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(err, errno, "cannot look at %s", strbuf_str(&w->path));
	if (w->rules->layer && S_ISCHR(st.st_mode) && st.st_rdev == 0)
		return write_mark(w, WHITEOUT, name, err);
	if (w->rules->layer && strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0)
		return err_set(err, EINVAL,
			       "%.200s: a name that begins with .wh. means a removal in an image",
			       strbuf_str(&w->path));
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		return write_opened(w, at, name, depth, err);
	case S_IFLNK:
	case S_IFIFO:
		return write_node(w, at, name, &st, err);
	default:
		return 0; /* a socket, a device */
	}
}

static int list_names(DIR *dir, struct arena *arena, const char ***ret)
{
	const struct dirent *entry;
	const char **names = NULL;
	size_t cap = 0;
	size_t n = 0;

	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names = arena_grow(arena, names, &cap, n + 1, sizeof(*names));
		if (!names || !(names[n] = arena_strdup(arena, entry->d_name)))
			return -ENOMEM;
		n++;
	}
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	*ret = names;
	return (int)n;
}

/* Takes the descriptor. The path ends with '/', or is empty at the top. */
static int write_folder(struct writer *w, int fd, int depth, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_closedir DIR *dir = fdopendir(fd);
	size_t length = w->path.len;
	const char **names = NULL;
	int r = 0;
	int n;

	if (!dir) {
		close(fd);
		return err_set(err, ENOMEM, "out of memory");
	}
	if (depth == 0)
		return err_set(err, ELOOP, "%.100s... is too deep", strbuf_str(&w->path));
	n = list_names(dir, &arena, &names);
	if (n < 0)
		return err_set(err, ENOMEM, "out of memory");
	for (int i = 0; r == 0 && i < n; i++) {
		strbuf_puts(&w->path, names[i]);
		if (w->path.failed)
			return err_set(err, ENOMEM, "out of memory");
		r = write_entry(w, dirfd(dir), names[i], depth, err);
		if (w->path.p) {
			w->path.len = length;
			w->path.p[length] = '\0';
		}
	}
	return r;
}

static int write_top(struct writer *w, int dir, struct err *err)
{
	int top = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return err_sys(err, errno, "cannot open the folder");
	return write_folder(w, top, DEPTH_MAX, err); /* takes the descriptor */
}

struct one {
	int at;
	const char *name, *as; /* as NULL: all that is below `at` */
};

static int write_all(const struct one *one, int out, const struct tar_rules *rules, struct err *err)
{
	static const char end[TAR_END_BYTES];
	static const struct tar_rules plain;
	struct writer w = { .rules = rules ? rules : &plain,
			    .out = out,
			    .buffer = malloc(COPY_BYTES) };
	int r = w.buffer ? 0 : err_set(err, ENOMEM, "out of memory");

	if (r == 0 && one->as) {
		strbuf_puts(&w.path, one->as);
		r = write_entry(&w, one->at, one->name, DEPTH_MAX, err);
	} else if (r == 0) {
		r = write_top(&w, one->at, err);
	}
	if (r == 0) {
		r = fd_write_all(out, end, sizeof(end));
		r = r < 0 ? err_sys(err, -r, "cannot write the archive") : 0;
	}
	free(w.buffer);
	strbuf_done(&w.path);
	strbuf_done(&w.block);
	strbuf_done(&w.records);
	arena_done(&w.arena);
	return r;
}

int tar_write_tree(int dir, int out, const struct tar_rules *rules, struct err *err)
{
	const struct one one = { .at = dir };

	return write_all(&one, out, rules, err);
}

int tar_write_one(int at, const char *name, const char *as, int out, const struct tar_rules *rules,
		  struct err *err)
{
	const struct one one = { .at = at, .name = name, .as = as };

	return write_all(&one, out, rules, err);
}
