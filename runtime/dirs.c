/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dirs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

#define ROOT_DATA "/var/lib/immure"

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

int dirs_data(struct arena *arena, const char **ret, struct err *err)
{
	const char *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	const char *path;
	int r;

	if (data && data[0] == '/')
		path = arena_printf(arena, "%s/immure", data);
	else if (geteuid() == 0)
		path = ROOT_DATA;
	else if (home && home[0] == '/')
		path = arena_printf(arena, "%s/.local/share/immure", home);
	else
		return err_set(
			err, EINVAL,
			"no place for images and volumes: set HOME or XDG_DATA_HOME to an absolute path");
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	r = path_clean(arena, path, ret, err);
	return r < 0 ? err_wrap(err, "HOME or XDG_DATA_HOME") : 0;
}

/* Others may neither write to it nor, where `bits` has more, look into it. */
static int open_own(const char *path, mode_t bits, struct err *err)
{
	struct stat st = { 0 };
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fd = fd_make_dirs(path, err);
	if (fd < 0)
		return err_at(err, ERR_STATE);
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & bits)) {
		err_set(err, EPERM, "%s belongs to another user, or others may %s it", path,
			bits & 04 ? "enter" : "write to");
		return err_at(err, ERR_STATE);
	}
	return steal_fd(fd);
}

static int open_sub(const char *folder, const char *sub, mode_t bits, struct arena *arena,
		    struct err *err)
{
	const char *path = arena_printf(arena, "%s/%s", folder, sub);

	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	return open_own(path, bits, err);
}

int dirs_open_state(const char *sub, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *state = NULL;
	int r = dirs_state(&arena, &state, err);

	return r < 0 ? err_at(err, ERR_STATE) : open_sub(state, sub, 022, &arena, err);
}

int dirs_open_data(const char *sub, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *data = NULL;
	int r = dirs_data(&arena, &data, err);

	return r < 0 ? err_at(err, ERR_STATE) : open_sub(data, sub, 077, &arena, err);
}
