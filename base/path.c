/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/text.h"

int path_open_in(int rootfd, const char *path, uint64_t flags, uint64_t resolve, struct err *err)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	/* EAGAIN: a rename elsewhere raced with the walk; openat2(2) says to try again. */
	for (int tries = 0; tries < 128; tries++) {
		fd = sys_openat2(rootfd, path, &how);
		if (fd != -EAGAIN)
			break;
	}
	if (fd == -ELOOP && (resolve & RESOLVE_NO_SYMLINKS))
		return err_set(err, ELOOP, "%s is a link, or has one on the way, inside the root",
			       path);
	/* O_DIRECTORY | O_NOFOLLOW says ENOTDIR for a link. */
	if (fd == -ENOTDIR && (resolve & RESOLVE_NO_SYMLINKS))
		return err_set(err, ENOTDIR,
			       "%s: a link or a file stands where a directory is needed", path);
	if (fd < 0)
		return err_sys(err, -fd, "cannot open %s inside the root", path);
	return fd;
}

/* Open the next component as a real directory, making it if it is missing. */
static int step_into(int at, const char *name)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	if (mkdirat(at, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(at, name, flags);
	return fd < 0 ? -errno : fd;
}

static int copy_name(struct span part, char ret[NAME_MAX + 1])
{
	if (part.n > NAME_MAX)
		return -ENAMETOOLONG;
	if (span_eq(part, ".."))
		return -EINVAL;
	memcpy(ret, part.p, part.n);
	ret[part.n] = '\0';
	return 0;
}

/* Walk all of dir below rootfd. Returns a descriptor or -errno. */
static int walk(int rootfd, struct span dir)
{
	cleanup_close int at = fcntl(rootfd, F_DUPFD_CLOEXEC, 3);

	if (at < 0)
		return -errno;
	while (dir.n > 0) {
		struct span part = span_cut(&dir, '/');
		char name[NAME_MAX + 1];
		int next;

		if (part.n == 0 || span_eq(part, "."))
			continue;
		next = copy_name(part, name);
		if (next == 0)
			next = step_into(at, name);
		if (next < 0)
			return next;
		closep(&at);
		at = next;
	}
	return steal_fd(at);
}

static int tell(struct err *err, int r, const char *path)
{
	/* O_DIRECTORY | O_NOFOLLOW says ENOTDIR for a link. */
	if (r == -ENOTDIR || r == -ELOOP)
		return err_set(err, -r, "%s: a link or a file stands where a directory is needed",
			       path);
	return err_sys(err, -r, "cannot make %s inside the root", path);
}

int path_make_dir_in(int rootfd, const char *path, struct err *err)
{
	int fd = walk(rootfd, span_of(path));

	return fd < 0 ? tell(err, fd, path) : fd;
}

int path_make_file_in(int rootfd, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	cleanup_close int dir =
		walk(rootfd, (struct span){ path, slash ? (size_t)(slash - path) : 0 });
	struct stat st = { 0 };
	int fd;

	if (dir < 0)
		return tell(err, dir, path);
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, EINVAL, "%s is no name of a file", path);
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		cleanup_close int made =
			openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

		if (made < 0)
			return err_sys(err, errno, "cannot make %s inside the root", path);
		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s inside the root", path);
	if (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(err, ELOOP,
			       "%s: a link or a directory stands where a file is needed", path);
	}
	return fd;
}

int path_clean(struct arena *arena, const char *path, const char **ret, struct err *err)
{
	struct span rest = span_of(path);
	size_t used = 0;
	char *clean;

	if (path[0] != '/')
		return err_set(err, EINVAL, "%s is not an absolute path", path);
	if (rest.n >= PATH_MAX)
		return err_set(err, ENAMETOOLONG, "a path is longer than %d bytes", PATH_MAX - 1);
	clean = arena_alloc(arena, rest.n + 2);
	if (!clean)
		return err_set(err, ENOMEM, "out of memory");
	while (rest.n > 0) {
		struct span part = span_cut(&rest, '/');

		if (part.n == 0 || span_eq(part, "."))
			continue;
		if (span_eq(part, ".."))
			return err_set(err, EINVAL, "%s has \"..\" in it", path);
		clean[used++] = '/';
		memcpy(clean + used, part.p, part.n);
		used += part.n;
	}
	if (used == 0)
		clean[used++] = '/';
	clean[used] = '\0';
	*ret = clean;
	return 0;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return path[0] == '/';
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool path_is_of_machine(const char *path)
{
	static const char *const of_process[] = { "/proc/self", "/proc/thread-self", "/proc/net",
						  "/proc/mounts" };

	if (strncmp(path, "/proc/", 6) != 0 || (path[6] >= '0' && path[6] <= '9'))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(of_process); i++) {
		if (path_is_below(path, of_process[i]))
			return false;
	}
	return true;
}
