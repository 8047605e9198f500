/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a small tree by descriptors, for tmpfs mounts that start with what the root has. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/oci_steps.h"

#define DEPTH_MAX 64

static int copy_dir(int from, int to, int depth, struct err *err);

static int copy_file(int from, const char *name, const struct stat *st, int to, struct err *err)
{
	cleanup_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_close int out = openat(to, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	ssize_t n;

	if (in < 0 || out < 0)
		return err_sys(err, errno, "cannot copy %s", name);
	do
		n = sendfile(out, in, NULL, (size_t)1 << 30);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 || fchown(out, st->st_uid, st->st_gid) < 0 ||
	    fchmod(out, st->st_mode & 07777) < 0)
		return err_sys(err, errno, "cannot copy %s", name);
	return 0;
}

static int copy_link(int from, const char *name, int to, struct err *err)
{
	char text[4096];
	ssize_t n = readlinkat(from, name, text, sizeof(text) - 1);

	if (n < 0)
		return err_sys(err, errno, "cannot read the link %s", name);
	text[n] = '\0';
	if (symlinkat(text, to, name) < 0)
		return err_sys(err, errno, "cannot copy the link %s", name);
	return 0;
}

static int copy_below(int from, const char *name, const struct stat *st, int to, int depth,
		      struct err *err)
{
	cleanup_close int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int out = -1;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return err_sys(err, errno, "cannot copy the folder %s", name);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0 || fchown(out, st->st_uid, st->st_gid) < 0 ||
	    fchmod(out, st->st_mode & 07777) < 0)
		return err_sys(err, errno, "cannot copy the folder %s", name);
	if (depth == 0)
		return err_set(err, ELOOP, "%s: more than %d folders deep", name, DEPTH_MAX);
	return copy_dir(in, out, depth - 1, err);
}

/* Devices, sockets and pipes are not copied. */
static int copy_entry(int from, const char *name, int to, int depth, struct err *err)
{
	struct stat st = { 0 };

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot look at %s", name);
	if (S_ISDIR(st.st_mode))
		return copy_below(from, name, &st, to, depth, err);
	if (S_ISREG(st.st_mode))
		return copy_file(from, name, &st, to, err);
	return S_ISLNK(st.st_mode) ? copy_link(from, name, to, err) : 0;
}

static int copy_dir(int from, int to, int depth, struct err *err)
{
	int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list a folder");
	}
	while ((entry = readdir(dir)) != NULL) {
		int r;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = copy_entry(from, entry->d_name, to, depth, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int oci_copy_tree(int from, int to, struct err *err)
{
	cleanup_close int into = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (into < 0)
		return err_sys(err, errno, "cannot open the new file system");
	return copy_dir(from, into, DEPTH_MAX, err);
}
