/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/lookup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

static const char *path_of(const char *const *env)
{
	for (size_t i = 0; env[i]; i++) {
		if (strncmp(env[i], "PATH=", 5) == 0)
			return env[i] + 5;
	}
	return "/usr/bin:/bin";
}

/* Returns a descriptor if it can be executed, else -errno. */
static int open_executable(const char *path)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (faccessat(fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH) < 0)
		return -errno;
	return steal_fd(fd);
}

static int take(const char *name, char ret[PATH_MAX], struct err *err)
{
	int r = strlen(name) >= PATH_MAX ? -ENAMETOOLONG : open_executable(name);

	if (r == -ENAMETOOLONG)
		return err_set(err, ENAMETOOLONG, "the name of the program is too long");
	if (r == -EISDIR)
		return err_set(err, EACCES, "cannot execute %s: it is a directory", name);
	if (r == -EACCES)
		return err_set(
			err, EACCES,
			"cannot execute %s: no execute permission, or a volume without ':exec'",
			name);
	if (r < 0)
		return err_sys(err, -r, "cannot execute %s", name);
	memcpy(ret, name, strlen(name) + 1);
	return r;
}

int lookup_program(const char *name, const char *const *env, char ret[PATH_MAX], struct err *err)
{
	struct span rest = span_of(path_of(env));
	bool forbidden = false;

	if (*name == '\0')
		return err_set(err, ENOENT, "cannot execute a program without a name");
	if (strchr(name, '/'))
		return take(name, ret, err);
	while (rest.n > 0) {
		struct span dir = span_cut(&rest, ':');
		char path[PATH_MAX];
		int r;

		if (dir.n == 0 || dir.p[0] != '/' || dir.n + strlen(name) + 2 > sizeof(path))
			continue; /* the working folder is never searched */
		memcpy(path, dir.p, dir.n);
		path[dir.n] = '/';
		memcpy(path + dir.n + 1, name, strlen(name) + 1);
		r = open_executable(path);
		if (r >= 0) {
			memcpy(ret, path, strlen(path) + 1);
			return r;
		}
		forbidden = forbidden || r == -EACCES;
	}
	if (forbidden)
		return err_set(err, EACCES, "cannot execute %s: no execute permission", name);
	return err_set(err, ENOENT, "cannot execute %s: no such program in PATH inside the sandbox",
		       name);
}
