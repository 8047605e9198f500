/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tree_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define MODE_BITS 01777
#define CHUNK 8192

static int copy_dir(int from, int to, const struct stat *st, int depth, struct err *err);

/* What must come after everything that is written below it, or into it. */
static int finish(int fd, const struct stat *st, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };
	struct stat made = { 0 };

	if (fstat(fd, &made) < 0)
		return err_sys(err, errno, "cannot look at it");
	if ((made.st_uid != st->st_uid || made.st_gid != st->st_gid) &&
	    fchown(fd, st->st_uid, st->st_gid) < 0)
		return err_sys(err, errno, "cannot set its owner");
	if (fchmod(fd, st->st_mode & MODE_BITS) < 0)
		return err_sys(err, errno, "cannot set its mode");
	return futimens(fd, times) < 0 ? err_sys(err, errno, "cannot set its time") : 0;
}

/* Of what has no descriptor that could be written to. */
static int finish_at(int dir, const char *name, const struct stat *st, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };

	if (fchownat(dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot set its owner");
	return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0
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

static int copy_file(int from, int to, const char *name, const struct stat *st, struct err *err)
{
	cleanup_close int in =
		openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	cleanup_close int out = -1;
	int r;

	if (in < 0)
		return err_sys(err, errno, "cannot open it");
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(err, errno, "cannot make it");
	r = copy_holes(in, out, st->st_size);
	return r < 0 ? err_sys(err, -r, "cannot write it") : finish(out, st, err);
}

static int copy_link(int from, int to, const char *name, const struct stat *st, struct err *err)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof(target));

	if (n < 0 || (size_t)n == sizeof(target))
		return err_sys(err, n < 0 ? errno : ENAMETOOLONG, "cannot read the link");
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0)
		return err_sys(err, errno, "cannot make it");
	return finish_at(to, name, st, err);
}

static int copy_pipe(int to, const char *name, const struct stat *st, struct err *err)
{
	/* Made with its mode: the process has no umask here that it did not choose. */
	if (mkfifoat(to, name, st->st_mode & MODE_BITS) < 0)
		return err_sys(err, errno, "cannot make it");
	return finish_at(to, name, st, err);
}

static int copy_folder(int from, int to, const char *name, const struct stat *st, int depth,
		       struct err *err)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int in = openat(from, name, flags);
	cleanup_close int out = -1;

	if (in < 0)
		return err_sys(err, errno, "cannot open it");
	if (mkdirat(to, name, 0700) < 0)
		return err_sys(err, errno, "cannot make it");
	out = openat(to, name, flags);
	if (out < 0)
		return err_sys(err, errno, "cannot open its copy");
	return copy_dir(in, out, st, depth - 1, err);
}

static int copy_entry(int from, int to, const char *name, int depth, struct err *err)
{
	struct stat st = { 0 };

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot look at it");
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, &st, err);
	if (S_ISDIR(st.st_mode))
		return copy_folder(from, to, name, &st, depth, err);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, &st, err);
	return S_ISFIFO(st.st_mode) ? copy_pipe(to, name, &st, err) : 0;
}

static int copy_dir(int from, int to, const struct stat *st, int depth, struct err *err)
{
	int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list it");
	}
	if (depth == 0)
		return err_set(err, ELOOP, "more than %d folders in one another", TREE_COPY_DEPTH);
	while ((entry = readdir(dir)) != NULL) {
		int r;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = copy_entry(from, to, entry->d_name, depth, err);
		if (r < 0)
			return err_wrap(err, "%.60s", entry->d_name);
	}
	return finish(to, st, err);
}

int tree_copy(int from, int to, struct err *err)
{
	struct stat st = { 0 };

	if (fstat(from, &st) < 0)
		return err_sys(err, errno, "cannot look at it");
	return copy_dir(from, to, &st, TREE_COPY_DEPTH, err);
}
