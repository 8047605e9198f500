/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

#define READ_STEP ((size_t)4096)
#define TREE_DEPTH_MAX 64

int fd_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *bytes, size_t n)
{
	char *p = bytes;
	size_t got = 0;

	while (got < n) {
		ssize_t done = read(fd, p + got, n - got);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			break;
		got += (size_t)done;
	}
	return (ssize_t)got;
}

int fd_read_all(int fd, size_t max, struct strbuf *ret)
{
	char step[READ_STEP];
	size_t got = 0;

	for (;;) {
		ssize_t n = read(fd, step, sizeof(step));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return ret->failed ? -ENOMEM : 0;
		got += (size_t)n;
		if (got > max)
			return -EFBIG;
		strbuf_add(ret, step, (size_t)n);
	}
}

int fd_read_file(int dirfd, const char *path, size_t max, struct strbuf *ret, struct err *err)
{
	cleanup_close int fd =
		openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st = { 0 };
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s is not a regular file", path);
	r = fd_read_all(fd, max, ret);
	if (r < 0)
		return err_sys(err, -r, "cannot read %s", path);
	return 0;
}

int fd_write_text(int dirfd, const char *path, const char *text, struct err *err)
{
	cleanup_close int fd = openat(dirfd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	size_t n = strlen(text);
	ssize_t done;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	do
		done = write(fd, text, n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return err_sys(err, errno, "cannot write \"%.40s\" to %s", text, path);
	if ((size_t)done != n)
		return err_set(err, EIO, "cannot write all of a value to %s", path);
	return 0;
}

static int temporary_name(char ret[40])
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(ret, 40, ".tmp-%016llx", (unsigned long long)random);
	return 0;
}

static int write_whole(int fd, const void *bytes, size_t n, bool sync)
{
	int r = fd_write_all(fd, bytes, n);

	return r == 0 && sync && fsync(fd) < 0 ? -errno : r;
}

/* A file without a name: a kill leaves nothing of it. Source: open(2), O_TMPFILE. */
static int write_nameless(int dirfd, const char *name, const void *bytes, size_t n, bool sync)
{
	cleanup_close int fd = openat(dirfd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	char self[32];
	int r;

	if (fd < 0)
		return -errno;
	r = write_whole(fd, bytes, n, sync);
	if (r < 0)
		return r;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, dirfd, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* Where there is a file of that name, or no O_TMPFILE, a name of our own comes in between. */
static int write_and_rename(int dirfd, const char *name, const void *bytes, size_t n, bool sync)
{
	cleanup_close int fd = -1;
	char temporary[40];
	int r = temporary_name(temporary);

	if (r < 0)
		return r;
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_whole(fd, bytes, n, sync);
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dirfd, temporary, 0);
	return r;
}

int fd_replace_file(int dirfd, const char *name, const void *bytes, size_t n, bool sync,
		    struct err *err)
{
	int r = write_nameless(dirfd, name, bytes, n, sync);

	if (r == -EEXIST || r == -EOPNOTSUPP || r == -EISDIR || r == -ENOENT)
		r = write_and_rename(dirfd, name, bytes, n, sync);
	if (r < 0)
		return err_sys(err, -r, "cannot write %s", name);
	if (sync && fsync(dirfd) < 0)
		return err_sys(err, errno, "cannot write the folder of %s", name);
	return 0;
}

int fd_make_dirs(const char *path, struct err *err)
{
	cleanup_close int at = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct span rest = span_of(path);

	if (at < 0 || path[0] != '/')
		return err_set(err, EINVAL, "%s is no absolute path", path);
	while (rest.n > 0) {
		struct span part = span_cut(&rest, '/');
		char name[256];
		int next;

		if (part.n == 0)
			continue;
		if (part.n >= sizeof(name))
			return err_set(err, ENAMETOOLONG, "a part of %s is too long", path);
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0 && errno == ENOENT) {
			if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
				return err_sys(err, errno, "cannot make the folder %s", path);
			next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
		if (next < 0)
			return err_sys(err, errno, "cannot open the folder %s", path);
		closep(&at);
		at = next;
	}
	return steal_fd(at);
}

struct removal {
	int top;        /* folder of the whole tree */
	unsigned moved; /* folders that lay too deep and were moved up into it */
};

/* The folder may be without the rights its owner needs to empty it: what ran in it did that. */
static int open_to_empty(int at, const char *name)
{
	cleanup_close int found = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[40];
	struct stat st = { 0 };
	int fd;

	if (found < 0 || fstat(found, &st) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	if ((st.st_mode & 0700) != 0700 && chmod(path, 0700) < 0)
		return -errno;
	fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int remove_below(struct removal *all, int at, const char *name, int depth);

/* Until a pass finds nothing: names may be missed while others are removed. */
static int empty_dir(struct removal *all, int fd, int depth)
{
	cleanup_closedir DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	bool found = true;

	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (found) {
		found = false;
		rewinddir(dir);
		while ((entry = readdir(dir)) != NULL) {
			int r;

			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			found = true;
			r = remove_below(all, dirfd(dir), entry->d_name, depth - 1);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Too deep for one descriptor a level: move it up; the pass over the top folder finds it. */
static int move_up(struct removal *all, int at, const char *name)
{
	char up[40];

	snprintf(up, sizeof(up), ".moved-%u", all->moved++);
	return renameat2(at, name, all->top, up, RENAME_NOREPLACE) < 0 && errno != EEXIST ? -errno
											  : 0;
}

static int remove_below(struct removal *all, int at, const char *name, int depth)
{
	int fd;
	int r;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = open_to_empty(at, name);
	if (fd < 0)
		return fd;
	if (all->top < 0)
		all->top = fd;
	if (depth == 0) {
		close(fd);
		return move_up(all, at, name);
	}
	r = empty_dir(all, fd, depth);
	if (r < 0)
		return r;
	return unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int fd_remove_tree(int at, const char *name, struct err *err)
{
	struct removal all = { .top = -1 };
	int r = remove_below(&all, at, name, TREE_DEPTH_MAX);

	if (r < 0)
		return err_sys(err, -r, "cannot remove %s", name);
	return 0;
}

int fd_ensure_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int null;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is the one that is missing. */
		null = open("/dev/null", O_RDWR);
		if (null < 0)
			return -errno;
		if (null != fd)
			return -EBADF;
	}
	return 0;
}
