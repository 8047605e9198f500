/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy_fetch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

static int fetch_builtin(const char *name, struct span *ret, struct err *err)
{
	struct span text = builtin_text(name);
	struct text_near near = { .distance = 5 };

	if (text.n > 0) {
		*ret = text;
		return 0;
	}
	for (size_t i = 0; i < n_builtin_names; i++)
		text_near_try(&near, name, builtin_names[i]);
	return err_set(err, ENOENT, "there is no policy %s%s%s%s", name,
		       near.name ? "; did you mean " : "; immure policy show --list names them",
		       near.name ? near.name : "", near.name ? "?" : "");
}

static int read_regular(const char *path, struct strbuf *text, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st = { 0 };
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot open the policy %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the policy %s is not a regular file", path);
	r = fd_read_all(fd, POLICY_MAX_BYTES, text);
	return r < 0 ? err_sys(err, -r, "cannot read the policy %s", path) : 0;
}

int policy_fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret_text, const char **ret_path, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	char resolved[PATH_MAX];
	const char *path = name;
	const char *slash = from ? strrchr(from, '/') : NULL;
	char *copy;
	int r;

	(void)data;
	if (strncmp(name, "builtin/", 8) == 0) {
		*ret_path = NULL;
		return fetch_builtin(name, ret_text, err);
	}
	if (name[0] != '/' && slash)
		path = arena_printf(arena, "%.*s/%s", (int)(slash - from), from, name);
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	if (!realpath(path, resolved))
		return err_sys(err, errno, "cannot find the policy %s", path);
	r = read_regular(resolved, &text, err);
	if (r < 0)
		return r;
	copy = arena_strndup(arena, strbuf_str(&text), text.len);
	*ret_path = arena_strdup(arena, resolved);
	if (!copy || !*ret_path)
		return err_set(err, ENOMEM, "out of memory");
	*ret_text = (struct span){ copy, text.len };
	return 0;
}
