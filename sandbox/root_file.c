/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/root_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/path.h"

/* What a layer has to say of a file. */
enum says {
	SAYS_NOTHING, /* look below */
	SAYS_NONE,    /* it is not there, whatever lies below */
	SAYS_THIS,
};

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static int read_regular(int root, const char *path, struct strbuf *ret, struct err *err)
{
	struct stat st = { 0 };
	cleanup_close int fd = path_open_in(root, path, O_PATH, 0, err);
	int r;

	if (fd == -ENOENT)
		return err_set(err, EINVAL, "the root's %s is a link that leads nowhere", path);
	if (fd < 0)
		return fd;
	/* Looked at before it is opened: a pipe would let us wait, a device act. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the root's %s is not a regular file", path);
	closep(&fd);
	fd = path_open_in(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, err);
	if (fd < 0)
		return fd;
	r = fd_read_all(fd, ROOT_FILE_MAX, ret);
	return r < 0 ? err_sys(err, -r, "cannot read the root's %s", path) : SAYS_THIS;
}

/* Nothing below shows through a folder that is opaque, nor past what is no folder. */
static int says_folder(int root, int *ret_etc, struct err *err)
{
	struct stat st = { 0 };
	char opaque[2] = "";

	if (fstatat(root, "etc", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? SAYS_NOTHING
				       : err_sys(err, errno, "cannot look at the root's /etc");
	if (is_whiteout(&st))
		return SAYS_NONE;
	if (!S_ISDIR(st.st_mode))
		return SAYS_THIS; /* a link: followed inside this layer, or refused */
	*ret_etc = openat(root, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_etc < 0)
		return err_sys(err, errno, "cannot open the root's /etc");
	return fgetxattr(*ret_etc, "user.overlay.opaque", opaque, sizeof(opaque)) == 1 &&
			       opaque[0] == 'y'
		       ? SAYS_NONE
		       : SAYS_NOTHING;
}

static int read_of(const char *layer, const char *name, struct strbuf *ret, struct err *err)
{
	cleanup_close int root = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int etc = -1;
	struct stat st = { 0 };
	char path[40];
	int says;

	if (root < 0)
		return err_sys(err, errno, "cannot open the root");
	says = says_folder(root, &etc, err);
	if (says < 0 || (etc < 0 && says != SAYS_THIS))
		return says;
	if (etc >= 0 && fstatat(etc, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? says : err_sys(err, errno, "cannot look at /etc/%s", name);
	if (is_whiteout(&st))
		return SAYS_NONE;
	snprintf(path, sizeof(path), "/etc/%s", name);
	return read_regular(root, path, ret, err);
}

int root_file_read(const struct plan *plan, const char *name, struct strbuf *ret, struct err *err)
{
	char path[40];
	int r = SAYS_NOTHING;

	if (plan->root_kind == ROOT_HOST) {
		snprintf(path, sizeof(path), "/etc/%s", name);
		r = fd_read_file(AT_FDCWD, path, ROOT_FILE_MAX, ret, err);
		return r < 0 ? r : 1;
	}
	for (size_t i = plan->n_layers; r == SAYS_NOTHING && i > 0; i--)
		r = read_of(plan->layers[i - 1].path, name, ret, err);
	if (r < 0)
		return r;
	return r == SAYS_THIS ? 1 : 0;
}
