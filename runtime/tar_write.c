/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tar_write.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"

#define BLOCK 512
#define NAME_MAX_OLD 100                    /* in the header itself */
#define NUMBER_MAX_OLD ((uint64_t)07777777) /* seven octal digits: owners */
#define SIZE_MAX_OLD ((uint64_t)077777777777)
#define DEPTH_MAX 256
#define COPY_BYTES ((size_t)256 << 10)

/* Source: POSIX.1-2017, "ustar Interchange Format" */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

static void octal(char *ret, size_t width, uint64_t value)
{
	for (size_t i = width - 1; i-- > 0; value >>= 3)
		ret[i] = (char)('0' + (value & 7));
	ret[width - 1] = '\0';
}

static void add_block(struct strbuf *out, struct ustar *header)
{
	unsigned sum = 0;

	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	memset(header->sum, ' ', sizeof(header->sum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += ((const unsigned char *)header)[i];
	octal(header->sum, 7, sum);
	strbuf_add(out, header, sizeof(*header));
}

static void add_padding(struct strbuf *out, uint64_t size)
{
	static const char zeros[BLOCK];

	if (size % BLOCK)
		strbuf_add(out, zeros, BLOCK - size % BLOCK);
}

/* "LENGTH KEY=VALUE\n", where the length counts itself. */
static void add_record(struct strbuf *records, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3;
	size_t digits = 1;
	char text[24];

	for (;;) {
		snprintf(text, sizeof(text), "%zu", rest + digits);
		if (strlen(text) == digits)
			break;
		digits++;
	}
	strbuf_addf(records, "%s %s=%s\n", text, key, value);
}

static void add_number(struct strbuf *records, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_record(records, key, text);
}

/* What the old format has no room for. */
static void add_records(const struct tar_entry *e, struct strbuf *records)
{
	if (strlen(e->path) > NAME_MAX_OLD)
		add_record(records, "path", e->path);
	if (e->link && strlen(e->link) > NAME_MAX_OLD)
		add_record(records, "linkpath", e->link);
	if (e->uid > NUMBER_MAX_OLD)
		add_number(records, "uid", (int64_t)e->uid);
	if (e->gid > NUMBER_MAX_OLD)
		add_number(records, "gid", (int64_t)e->gid);
	if (e->size > SIZE_MAX_OLD)
		add_number(records, "size", (int64_t)e->size);
	if (e->mtime < 0 || (uint64_t)e->mtime > SIZE_MAX_OLD)
		add_number(records, "mtime", e->mtime);
}

static int type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return '0';
	case S_IFLNK:
		return '2';
	case S_IFDIR:
		return '5';
	case S_IFIFO:
		return '6';
	default:
		return -1;
	}
}

int tar_header(const struct tar_entry *e, struct strbuf *out)
{
	cleanup_strbuf struct strbuf records = { 0 };
	struct ustar header = { 0 };
	int type = type_of(e->mode);

	if (type < 0)
		return -EINVAL;
	add_records(e, &records);
	if (records.len > 0) {
		struct ustar extended = { .name = "PaxHeaders/entry", .type = 'x' };

		octal(extended.mode, sizeof(extended.mode), 0644);
		octal(extended.size, sizeof(extended.size), records.len);
		octal(extended.mtime, sizeof(extended.mtime), 0);
		add_block(out, &extended);
		strbuf_add(out, records.p, records.len);
		add_padding(out, records.len);
	}
	memcpy(header.name, e->path, strnlen(e->path, sizeof(header.name)));
	if (e->link)
		memcpy(header.link, e->link, strnlen(e->link, sizeof(header.link)));
	octal(header.mode, sizeof(header.mode), e->mode & 07777);
	octal(header.uid, sizeof(header.uid), e->uid > NUMBER_MAX_OLD ? 0 : e->uid);
	octal(header.gid, sizeof(header.gid), e->gid > NUMBER_MAX_OLD ? 0 : e->gid);
	octal(header.size, sizeof(header.size), e->size > SIZE_MAX_OLD ? 0 : e->size);
	octal(header.mtime, sizeof(header.mtime),
	      e->mtime < 0 || (uint64_t)e->mtime > SIZE_MAX_OLD ? 0 : (uint64_t)e->mtime);
	header.type = (char)type;
	add_block(out, &header);
	return out->failed || records.failed ? -ENOMEM : 0;
}

struct writer {
	int out;
	char *buffer; /* COPY_BYTES */
	struct strbuf path;
	struct strbuf block; /* of one entry */
};

static int flush_block(struct writer *w, struct err *err)
{
	int r = w->block.failed ? -ENOMEM : fd_write_all(w->out, w->block.p, w->block.len);

	strbuf_reset(&w->block);
	return r < 0 ? err_sys(err, -r, "cannot write the archive") : 0;
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
	add_padding(&w->block, size);
	return flush_block(w, err);
}

static int write_folder(struct writer *w, int fd, int depth, struct err *err);

static int write_opened(struct writer *w, int at, const char *name, const struct tar_entry *entry,
			int depth, struct err *err)
{
	bool is_dir = S_ISDIR(entry->mode);
	int fd =
		openat(at, name,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (is_dir ? O_DIRECTORY : 0));
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", strbuf_str(&w->path));
	r = flush_block(w, err); /* the header: only now, when what it announces can be had */
	if (r == 0 && is_dir)
		return write_folder(w, fd, depth - 1, err); /* takes the descriptor */
	if (r == 0)
		r = write_bytes(w, fd, entry->size, err);
	close(fd);
	return r;
}

static int write_entry(struct writer *w, int at, const char *name, int depth, struct err *err)
{
	struct tar_entry entry = { 0 };
	char target[PATH_MAX] = "";
	struct stat st = { 0 };
	ssize_t n;
	int r;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(err, errno, "cannot look at %s", strbuf_str(&w->path));
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(at, name, target, sizeof(target) - 1);
		if (n < 0)
			return err_sys(err, errno, "cannot read the link %s", strbuf_str(&w->path));
		target[n] = '\0';
		entry.link = target;
	}
	if (S_ISDIR(st.st_mode))
		strbuf_putc(&w->path, '/');
	entry.path = strbuf_str(&w->path);
	entry.mode = st.st_mode;
	entry.uid = st.st_uid;
	entry.gid = st.st_gid;
	entry.size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	entry.mtime = st.st_mtime;
	r = tar_header(&entry, &w->block);
	if (r == -EINVAL)
		return 0; /* a socket */
	if (r < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return write_opened(w, at, name, &entry, depth, err);
	return flush_block(w, err);
}

static int by_name(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
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

static int write_all(struct writer *w, int dir, struct err *err)
{
	static const char end[2 * BLOCK];
	int top = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (top < 0)
		return err_sys(err, errno, "cannot open the folder");
	r = write_folder(w, top, DEPTH_MAX, err); /* takes the descriptor */
	if (r < 0)
		return r;
	r = fd_write_all(w->out, end, sizeof(end));
	return r < 0 ? err_sys(err, -r, "cannot write the archive") : 0;
}

int tar_write_tree(int dir, int out, struct err *err)
{
	struct writer w = { .out = out, .buffer = malloc(COPY_BYTES) };
	int r = w.buffer ? write_all(&w, dir, err) : err_set(err, ENOMEM, "out of memory");

	free(w.buffer);
	strbuf_done(&w.path);
	strbuf_done(&w.block);
	return r;
}
