/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tree_compare.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/userns_call.h"

#define DEPTH_MAX 260
#define BLOCK 4096

/* A difference is told as an error of this code, so that it passes through userns_call() too. */
#define DIFFERENT EILSEQ

static int differ(struct err *err, const char *name, const char *what)
{
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_escaped(&text, name, strnlen(name, 100));
	return err_set(err, DIFFERENT, "%s of %s", what, strbuf_str(&text));
}

static int compare_bytes(int a, int b, const char *name, struct err *err)
{
	cleanup_close int one = openat(a, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_close int two = openat(b, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char mine[BLOCK];
	char theirs[BLOCK];
	ssize_t n;

	/* Without the right to read their own files, owners cannot change them unseen either. */
	if (one < 0 && two < 0 && errno == EACCES)
		return 0;
	if (one < 0 || two < 0)
		return err_sys(err, errno, "cannot compare a file");
	do {
		n = fd_read_full(one, mine, BLOCK);
		if (n < 0 || fd_read_full(two, theirs, BLOCK) != n ||
		    memcmp(mine, theirs, (size_t)n) != 0)
			return differ(err, name, "other contents");
	} while (n > 0);
	return 0;
}

static int compare_links(int a, int b, const char *name, struct err *err)
{
	char one[PATH_MAX];
	char two[PATH_MAX];
	ssize_t n = readlinkat(a, name, one, sizeof(one));

	if (n < 0 || readlinkat(b, name, two, sizeof(two)) != n || memcmp(one, two, (size_t)n) != 0)
		return differ(err, name, "another target");
	return 0;
}

static int compare_folders(int a, int b, int depth, struct err *err);

static int compare_entry(int a, int b, const char *name, int depth, struct err *err)
{
	cleanup_close int one = -1;
	cleanup_close int two = -1;
	struct stat x = { 0 };
	struct stat y = { 0 };

	if (fstatat(b, name, &y, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot look at an entry");
	if (fstatat(a, name, &x, AT_SYMLINK_NOFOLLOW) < 0)
		return differ(err, name, "absence");
	if (x.st_mode != y.st_mode)
		return differ(err, name, "another type or mode");
	if (x.st_uid != y.st_uid || x.st_gid != y.st_gid)
		return differ(err, name, "another owner");
	/* Folders that no entry names, and whiteouts, have the time when they were unpacked. */
	if ((S_ISREG(x.st_mode) || S_ISLNK(x.st_mode)) && x.st_mtim.tv_sec != y.st_mtim.tv_sec)
		return differ(err, name, "another time");
	if (S_ISREG(x.st_mode) && x.st_size != y.st_size)
		return differ(err, name, "another size");
	if (S_ISREG(x.st_mode))
		return compare_bytes(a, b, name, err);
	if (S_ISLNK(x.st_mode))
		return compare_links(a, b, name, err);
	if (!S_ISDIR(x.st_mode))
		return 0;
	one = openat(a, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	two = openat(b, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (one < 0 && two < 0 && errno == EACCES)
		return 0;
	if (one < 0 || two < 0)
		return err_sys(err, errno, "cannot open a folder");
	return depth == 0 ? err_set(err, ELOOP, "too deep")
			  : compare_folders(one, two, depth - 1, err);
}

static int count_entries(int folder, struct err *err)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	int n = 0;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list a folder");
	}
	while (readdir(dir))
		n++;
	return n;
}

static int compare_folders(int a, int b, int depth, struct err *err)
{
	int copy = openat(b, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int n = 0;
	int have;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list a folder");
	}
	while ((entry = readdir(dir)) != NULL) {
		int r = 0;

		n++;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = compare_entry(a, b, entry->d_name, depth, err);
		if (r < 0)
			return r;
	}
	have = count_entries(a, err);
	if (have < 0)
		return have;
	return have == n ? 0 : err_set(err, DIFFERENT, "something that is not in the layer");
}

struct pair {
	int dir, fresh;
	const char *path;
};

static int compare(void *data, struct err *err)
{
	const struct pair *pair = data;
	cleanup_close int one =
		openat(pair->dir, pair->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (one < 0)
		return err_set(err, DIFFERENT, "its folder is missing");
	return compare_folders(one, pair->fresh, DEPTH_MAX, err);
}

int tree_compare(int dir, const char *path, int fresh, bool range,
		 char ret_why[TREE_DIFFERENCE_MAX], struct err *err)
{
	struct pair pair = { .dir = dir, .fresh = fresh, .path = path };
	struct err seen = { 0 };
	int r = range && geteuid() != 0 ? userns_call(compare, &pair, &seen)
					: compare(&pair, &seen);

	if (r == 0)
		return 0;
	if (r == -DIFFERENT) {
		snprintf(ret_why, TREE_DIFFERENCE_MAX, "%s", seen.msg);
		return 1;
	}
	*err = seen;
	return r;
}
