/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dirs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

int dirs_state(struct arena *arena, const char **ret, struct err *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	const char *path;
	int r;

	/* A relative path is to be ignored: XDG Base Directory Specification. */
	if (state && state[0] == '/')
		path = arena_printf(arena, "%s/immure", state);
	else if (home && home[0] == '/')
		path = arena_printf(arena, "%s/.local/state/immure", home);
	else
		return err_set(
			err, EINVAL,
			"no place for records: set HOME or XDG_STATE_HOME to an absolute path");
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	r = path_clean(arena, path, ret, err);
	return r < 0 ? err_wrap(err, "HOME or XDG_STATE_HOME") : 0;
}

int dirs_open_state(const char *sub, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *state = NULL;
	const char *path;
	struct stat st = { 0 };
	cleanup_close int fd = -1;
	int r = dirs_state(&arena, &state, err);

	if (r < 0)
		return err_at(err, ERR_STATE);
	path = arena_printf(&arena, "%s/%s", state, sub);
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = fd_make_dirs(path, err);
	if (fd < 0)
		return err_at(err, ERR_STATE);
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022)) {
		err_set(err, EPERM, "%s belongs to another user, or others may write to it", path);
		return err_at(err, ERR_STATE);
	}
	return steal_fd(fd);
}
