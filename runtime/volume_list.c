/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/userns_call.h"

#define RECORD_MAX ((size_t)1 << 20)
#define LABEL_KEY_MAX 128
#define DEPTH_MAX 128
#define BLOCK 512

static int by_name(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static DIR *open_list(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);

	if (!list)
		closep(&copy);
	return list;
}

int volumes_names(int volumes, struct arena *arena, const char ***ret, struct err *err)
{
	cleanup_closedir DIR *dir = open_list(volumes);
	const struct dirent *entry;
	const char **names = NULL;
	size_t cap = 0;
	size_t n = 0;

	if (!dir)
		return err_sys(err, errno, "cannot list the volumes");
	while ((entry = readdir(dir)) != NULL) {
		if (!text_is_id(entry->d_name))
			continue;
		names = arena_grow(arena, names, &cap, n + 1, sizeof(*names));
		if (!names || !(names[n] = arena_strdup(arena, entry->d_name)))
			return err_set(err, ENOMEM, "out of memory");
		n++;
	}
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	*ret = names;
	return (int)n;
}

static int add_label(struct volume_info *info, const char *label, struct arena *arena, size_t *cap,
		     struct err *err)
{
	info->labels =
		arena_grow(arena, info->labels, cap, info->n_labels + 1, sizeof(*info->labels));
	if (!info->labels)
		return err_set(err, ENOMEM, "out of memory");
	info->labels[info->n_labels++] = label;
	return 0;
}

/* What is not known is of a later version, and no fault. */
static int read_line(const struct flat_pair *pair, struct arena *arena, struct volume_info *info,
		     size_t *cap, struct err *err)
{
	const struct {
		const char *key;
		uint64_t *number;
	} numbers[] = {
		{ "created", &info->created },
		{ "max-bytes", &info->limits.bytes },
		{ "max-files", &info->limits.inodes },
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (span_eq(pair->key, numbers[i].key))
			return flat_u64(pair, numbers[i].number, err);
	}
	if (span_eq(pair->key, "anonymous"))
		info->run = pair->value;
	else if (span_eq(pair->key, "label"))
		return add_label(info, pair->value, arena, cap, err);
	return 0;
}

static int read_record(int dir, struct arena *arena, struct volume_info *info, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct flat_pair pair = { 0 };
	struct span rest;
	size_t cap = 0;
	int r = fd_read_file(dir, "record", RECORD_MAX, &text, err);

	if (r < 0)
		return r;
	rest = (struct span){ strbuf_str(&text), text.len };
	while ((r = flat_next(&rest, arena, &pair, err)) > 0) {
		r = read_line(&pair, arena, info, &cap, err);
		if (r < 0)
			return r;
	}
	return r;
}

int volume_info(int volumes, const char *name, struct arena *arena, struct volume_info *ret,
		struct err *err)
{
	struct volume_info info = { 0 };
	struct err busy = { 0 };
	cleanup_close int own = volume_open(volumes, name, VOLUME_EXCLUSIVE, &busy);
	cleanup_close int dir = -1;
	int r;

	if (own < 0 && own != -EBUSY) {
		*err = busy;
		return own;
	}
	info.in_use = own < 0;
	dir = openat(volumes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open the volume %s", name);
	r = read_record(dir, arena, &info, err);
	if (r < 0)
		return err_wrap(err, "volume %s", name);
	*ret = info;
	return 0;
}

int volume_label(struct strbuf *record, const char *text, struct err *err)
{
	struct span rest = span_of(text);
	struct span key = span_cut(&rest, '=');
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/";

	if (key.n == 0 || key.n > LABEL_KEY_MAX || strspn(text, allowed) < key.n) {
		err_set(err, EINVAL,
			"label \"%.60s\": expected KEY=VALUE, the key of letters, digits and _.-/",
			text);
		return err_at(err, ERR_USAGE);
	}
	flat_puts(record, "label", text);
	return 0;
}

static int count_below(int fd, int depth, struct volume_size *size);

static int count_one(int dir, const char *name, int depth, struct volume_size *size)
{
	struct stat st = { 0 };
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	size->files++;
	/* A file with several names counts once for each: no table of inodes for a hostile tree. */
	size->bytes += (uint64_t)st.st_blocks * BLOCK;
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth == 0)
		return -ELOOP;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return count_below(fd, depth - 1, size);
}

/* Takes the descriptor. */
static int count_below(int fd, int depth, struct volume_size *size)
{
	cleanup_closedir DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = count_one(dirfd(dir), entry->d_name, depth, size);
	}
	return r;
}

/* What a function in a user namespace works on; the result comes back in shared memory. */
struct job {
	int dir;
	const char *name;
	struct volume_size *size;
};

static int count_job(void *data, struct err *err)
{
	const struct job *job = data;
	int r;

	*job->size = (struct volume_size){ 0 };
	r = count_one(job->dir, job->name, DEPTH_MAX, job->size);
	return r < 0 ? err_sys(err, -r, "cannot look at all of it") : 0;
}

int volume_size(int volumes, const char *name, struct volume_size *ret, struct err *err)
{
	cleanup_close int dir = volume_open(volumes, name, VOLUME_SHARED, err);
	struct job job = { .dir = dir, .name = "data" };
	int r;

	if (dir < 0)
		return dir;
	job.size = mmap(NULL, sizeof(*job.size), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (job.size == MAP_FAILED)
		return err_sys(err, errno, "cannot map a page");
	r = count_job(&job, err);
	if (r == -EACCES) {
		*err = (struct err){ 0 };
		r = userns_call(count_job, &job, err);
	}
	if (r == 0)
		*ret = *job.size;
	munmap(job.size, sizeof(*job.size));
	return r < 0 ? err_wrap(err, "volume %s", name) : 0;
}

static int remove_job(void *data, struct err *err)
{
	const struct job *job = data;

	return fd_remove_tree(job->dir, job->name, err);
}

int volume_remove_tree(int dir, const char *name, struct err *err)
{
	struct job job = { .dir = dir, .name = name };
	int r = remove_job(&job, err);

	if (r != -EACCES && r != -EPERM)
		return r;
	*err = (struct err){ 0 };
	return userns_call(remove_job, &job, err);
}

int volume_remove(int volumes, const char *name, struct err *err)
{
	char temporary[VOLUME_TEMPORARY_LEN];
	cleanup_close int lock = volume_open(volumes, name, VOLUME_EXCLUSIVE, err);
	int r;

	if (lock < 0)
		return lock;
	r = volume_temporary(VOLUME_OLD, temporary, err);
	if (r < 0)
		return r;
	if (renameat(volumes, name, volumes, temporary) < 0 || fsync(volumes) < 0)
		return err_sys(err, errno, "cannot remove the volume %s", name);
	r = volume_quota_drop(lock, err);
	if (r == 0)
		r = volume_remove_tree(volumes, temporary, err);
	return r < 0 ? err_wrap(err, "volume %s", name) : 0;
}

static bool is_garbage(const char *name)
{
	return strncmp(name, VOLUME_NEW, strlen(VOLUME_NEW)) == 0 ||
	       strncmp(name, VOLUME_OLD, strlen(VOLUME_OLD)) == 0;
}

/* What was half made or half removed, and what was half filled. Returns 1 or 0, or -errno. */
static int collect_one(int volumes, const char *name, struct err *err)
{
	bool whole = text_is_id(name);
	cleanup_close int dir = -1;
	struct stat st = { 0 };
	int r;

	if (!whole && !is_garbage(name))
		return 0;
	dir = openat(volumes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "cannot open %s", name);
	/* Whoever fills, uses or removes it has the lock. */
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (whole && fstatat(dir, VOLUME_STAGING, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (whole)
		r = volume_remove_tree(dir, VOLUME_STAGING, err);
	else
		r = volume_quota_drop(dir, err);
	if (r == 0 && !whole)
		r = volume_remove_tree(volumes, name, err);
	return r < 0 ? r : 1;
}

int volumes_collect(int volumes, struct err *err)
{
	cleanup_closedir DIR *dir = open_list(volumes);
	const struct dirent *entry;
	int n = 0;

	if (!dir)
		return err_sys(err, errno, "cannot list the volumes");
	/* Whoever makes a volume holds this shared. */
	if (flock(dirfd(dir), LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : err_sys(err, errno, "cannot lock the volumes");
	while ((entry = readdir(dir)) != NULL) {
		int r = collect_one(volumes, entry->d_name, err);

		if (r < 0)
			return r;
		n += r;
	}
	return n;
}
