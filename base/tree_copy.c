/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tree_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define MODE_BITS 01777
#define CHUNK 8192

/* One entry on its way. What may replace something has a name of its own until it is complete. */
struct entry {
	struct copy_rules *rules;
	int from, to;
	const char *name, *as;
	const char *made; /* as, or temporary */
	struct stat st;
	char temporary[24];
};

/* What must come after everything that is written below it, or into it. */
static int finish(const struct copy_rules *rules, int fd, const struct stat *st, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };
	struct stat made = { 0 };

	if (fstat(fd, &made) < 0)
		return err_sys(err, errno, "cannot look at it");
	if (rules->keep_owner && (made.st_uid != st->st_uid || made.st_gid != st->st_gid) &&
	    fchown(fd, st->st_uid, st->st_gid) < 0)
		return err_sys(err, errno, "cannot set its owner");
	if (fchmod(fd, st->st_mode & MODE_BITS) < 0)
		return err_sys(err, errno, "cannot set its mode");
	return futimens(fd, times) < 0 ? err_sys(err, errno, "cannot set its time") : 0;
}

/* Of what has no descriptor that could be written to. */
static int finish_at(const struct entry *e, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, e->st.st_mtim };

	if (e->rules->keep_owner &&
	    fchownat(e->to, e->made, e->st.st_uid, e->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot set its owner");
	return utimensat(e->to, e->made, times, AT_SYMLINK_NOFOLLOW) < 0
		       ? err_sys(err, errno, "cannot set its time")
		       : 0;
}

/* In the kernel where it can be done there: between two file systems of one kind. */
static int copy_bytes(int from, int to, off_t at, off_t end)
{
	char bytes[CHUNK];
	bool in_kernel = true;
	off_t out = at;

	while (at < end) {
		ssize_t n =
			in_kernel ? copy_file_range(from, &at, to, &out, (size_t)(end - at), 0) : 0;
		int r;

		if (n > 0)
			continue;
		in_kernel = false;
		n = pread(from, bytes, sizeof(bytes), at);
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0; /* it became shorter */
		r = lseek(to, out, SEEK_SET) < 0 ? -errno : fd_write_all(to, bytes, (size_t)n);
		if (r < 0)
			return r;
		at += n;
		out += n;
	}
	return 0;
}

static int copy_holes(int from, int to, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA);
		off_t end;
		int r;

		if (data < 0 && errno == ENXIO)
			break; /* nothing but a hole is left */
		end = data < 0 ? size : lseek(from, data, SEEK_HOLE);
		r = copy_bytes(from, to, data < 0 ? at : data, end < 0 ? size : end);
		if (r < 0)
			return r;
		at = end < 0 ? size : end;
	}
	return ftruncate(to, size) < 0 ? -errno : 0;
}

/* As many bytes as it had when it was opened: one that grows for ever is no copy for ever. */
static int copy_file(struct entry *e, struct err *err)
{
	cleanup_close int in =
		openat(e->from, e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	cleanup_close int out = -1;
	int r;

	if (in < 0)
		return err_sys(err, errno, "cannot open it");
	if (fstat(in, &e->st) < 0 || !S_ISREG(e->st.st_mode))
		return err_set(err, ESTALE, "it became something else");
	out = openat(e->to, e->made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(err, errno, "cannot make it");
	r = copy_holes(in, out, e->st.st_size);
	return r < 0 ? err_sys(err, -r, "cannot write it") : finish(e->rules, out, &e->st, err);
}

static int copy_link(const struct entry *e, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(e->from, e->name, target, sizeof(target));

	if (n < 0 || (size_t)n == sizeof(target))
		return err_sys(err, n < 0 ? errno : ENAMETOOLONG, "cannot read the link");
	target[n] = '\0';
	if (symlinkat(target, e->to, e->made) < 0)
		return err_sys(err, errno, "cannot make it");
	return finish_at(e, err);
}

/* Made with its mode but for what the caller's umask takes. */
static int copy_pipe(const struct entry *e, struct err *err)
{
	if (mkfifoat(e->to, e->made, e->st.st_mode & MODE_BITS) < 0)
		return err_sys(err, errno, "cannot make it");
	return finish_at(e, err);
}

static int choose_name(struct entry *e, struct err *err)
{
	struct stat there = { 0 };
	uint64_t random = 0;

	e->made = e->as;
	if (!e->rules->replace)
		return 0;
	if (fstatat(e->to, e->as, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(there.st_mode))
		return err_set(err, EISDIR, "a folder has its name, and is not replaced");
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_set(err, EIO, "cannot get a random name");
	snprintf(e->temporary, sizeof(e->temporary), ".cp-%016llx", (unsigned long long)random);
	e->made = e->temporary;
	return 0;
}

/* rename(2) replaces whatever has the name, a link for one, and follows nothing. */
static int copy_other(struct entry *e, struct err *err)
{
	int r = choose_name(e, err);

	if (r < 0)
		return r;
	if (S_ISREG(e->st.st_mode))
		r = copy_file(e, err);
	else if (S_ISLNK(e->st.st_mode))
		r = copy_link(e, err);
	else
		r = copy_pipe(e, err);
	if (r == 0 && e->made != e->as && renameat(e->to, e->made, e->to, e->as) < 0)
		r = err_sys(err, errno, "cannot give it its name");
	if (r < 0 && e->made != e->as)
		unlinkat(e->to, e->made, 0);
	return r;
}

static int copy_entry(struct entry *e, int depth, struct err *err);

static int copy_all(struct copy_rules *rules, int from, int to, int depth, struct err *err)
{
	int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *found;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list it");
	}
	if (depth == 0)
		return err_set(err, ELOOP, "more than %d folders in one another", TREE_COPY_DEPTH);
	while ((found = readdir(dir)) != NULL) {
		struct entry e = { .rules = rules,
				   .from = from,
				   .to = to,
				   .name = found->d_name,
				   .as = found->d_name };
		int r;

		if (strcmp(e.name, ".") == 0 || strcmp(e.name, "..") == 0)
			continue;
		r = copy_entry(&e, depth, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_copy(const struct entry *e, bool *ret_new, struct err *err)
{
	int fd;

	*ret_new = mkdirat(e->to, e->as, 0700) == 0;
	if (!*ret_new && (errno != EEXIST || !e->rules->replace))
		return err_sys(err, errno, "cannot make it");
	fd = openat(e->to, e->as, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(err, ENOTDIR, "a link or a file stands where the folder should be");
	return fd < 0 ? err_sys(err, errno, "cannot open its copy") : fd;
}

static int copy_folder(struct entry *e, int depth, struct err *err)
{
	cleanup_close int in =
		openat(e->from, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int out = -1;
	bool is_new = false;
	int r;

	if (in < 0 || fstat(in, &e->st) < 0)
		return err_sys(err, errno, "cannot open it");
	out = open_copy(e, &is_new, err);
	if (out < 0)
		return out;
	r = copy_all(e->rules, in, out, depth - 1, err);
	return r < 0 || !is_new ? r : finish(e->rules, out, &e->st, err);
}

static int copy_entry(struct entry *e, int depth, struct err *err)
{
	int r;

	if (fstatat(e->from, e->name, &e->st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot look at %.200s", e->name);
	switch (e->st.st_mode & S_IFMT) {
	case S_IFDIR:
		r = copy_folder(e, depth, err);
		break;
	case S_IFREG:
	case S_IFLNK:
	case S_IFIFO:
		r = copy_other(e, err);
		break;
	default:
		e->rules->skipped++;
		return 0;
	}
	return r < 0 ? err_wrap(err, "%.60s", e->name) : 0;
}

int tree_copy(int from, int to, struct err *err)
{
	struct copy_rules rules = { .keep_owner = true };
	struct stat st = { 0 };
	int r;

	if (fstat(from, &st) < 0)
		return err_sys(err, errno, "cannot look at it");
	r = copy_all(&rules, from, to, TREE_COPY_DEPTH, err);
	return r < 0 ? r : finish(&rules, to, &st, err);
}

int tree_copy_contents(int from, int to, struct copy_rules *rules, struct err *err)
{
	return copy_all(rules, from, to, TREE_COPY_DEPTH, err);
}

int tree_copy_entry(int from, const char *name, int to, const char *as, struct copy_rules *rules,
		    struct err *err)
{
	struct entry e = { .rules = rules, .from = from, .to = to, .name = name, .as = as };

	return copy_entry(&e, TREE_COPY_DEPTH, err);
}
