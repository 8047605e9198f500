/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/layout.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "base/path.h"
#include "runtime/store_clean.h"
#include "runtime/unpack_call.h"

#define MEMBERS_MAX 10000

static int add_member(struct layout *layout, size_t *cap, struct arena *arena, struct err *err)
{
	struct layout_member *grown =
		arena_grow(arena, layout->members, cap, layout->n + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	layout->members = grown;
	grown[layout->n++] = (struct layout_member){ 0 };
	return 0;
}

/*
 * The target of a link as a name in the archive: a soft one is relative to the link's own folder.
 * Old archives of `docker save` have "../ID/layer.tar". NULL if it leads out.
 */
static const char *resolve(const struct layout_member *m, bool is_soft, struct arena *arena)
{
	const char *slash = is_soft && m->name ? strrchr(m->name, '/') : NULL;
	struct span dir = { m->name ? m->name : "", slash ? (size_t)(slash - m->name) : 0 };
	const char *rest = m->target;

	while (rest && strncmp(rest, "../", 3) == 0) {
		const char *up = dir.n > 0 ? memrchr(dir.p, '/', dir.n) : NULL;

		if (dir.n == 0)
			return NULL;
		dir.n = up ? (size_t)(up - dir.p) : 0;
		rest += 3;
	}
	if (!rest || *rest == '/')
		return NULL;
	return arena_printf(arena, "%.*s%s%s", (int)dir.n, dir.p, dir.n > 0 ? "/" : "", rest);
}

static int read_line(struct layout *layout, const struct flat_pair *pair, bool *is_soft,
		     size_t *cap, struct arena *arena, struct err *err)
{
	struct layout_member *m = layout->n > 0 ? &layout->members[layout->n - 1] : NULL;
	int r = 0;

	if (span_eq(pair->key, "member") || span_eq(pair->key, "link")) {
		r = add_member(layout, cap, arena, err);
		if (r == 0 && span_eq(pair->key, "member"))
			layout->members[layout->n - 1].file = pair->value;
		*is_soft = strcmp(pair->value, "soft") == 0;
		return r;
	}
	if (!m)
		return 0;
	if (span_eq(pair->key, "digest"))
		m->digest = arena_printf(arena, "sha256:%s", pair->value);
	else if (span_eq(pair->key, "size"))
		r = flat_u64(pair, &m->size, err);
	else if (span_eq(pair->key, "target"))
		m->target = pair->value;
	else if (span_eq(pair->key, "name"))
		m->name = pair->value;
	if (span_eq(pair->key, "name") && !m->file)
		m->target = resolve(m, *is_soft, arena);
	return r;
}

static int read_members(const struct strbuf *text, struct arena *arena, struct layout *layout,
			struct err *err)
{
	struct span rest = { strbuf_str(text), text->len };
	struct flat_pair pair = { 0 };
	bool is_soft = false;
	size_t cap = 0;
	int r;

	while ((r = flat_next(&rest, arena, &pair, err)) > 0) {
		r = read_line(layout, &pair, &is_soft, &cap, arena, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int unpack_into(const struct layout *layout, int input, uint64_t max_bytes,
		       struct strbuf *ret, struct err *err)
{
	cleanup_unpack_job struct unpack_job job = UNPACK_JOB_NONE;
	const struct unpack_call call = { .task = "archive",
					  .out_max = max_bytes,
					  .entries = MEMBERS_MAX,
					  .input = input,
					  .dir = layout->dir,
					  .blob = -1 };
	int r = unpack_start(&call, &job, err);

	if (r == 0)
		r = unpack_wait(&job, err);
	if (r == 0)
		strbuf_add(ret, job.text.p, job.text.len);
	return r;
}

static int open_archive(const struct store *store, int input, uint64_t max_bytes,
			struct arena *arena, struct layout *layout, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = store_make_staging(store, 'a', layout->staging, &layout->lock, err);

	if (r < 0)
		return r;
	layout->is_archive = true;
	layout->dir = fcntl(layout->lock, F_DUPFD_CLOEXEC, 3);
	if (layout->dir < 0)
		return err_sys(err, errno, "cannot open a folder in the store");
	r = unpack_own(layout->dir, false, err);
	if (r < 0)
		return r;
	r = unpack_into(layout, input, max_bytes, &text, err);
	return r < 0 ? r : read_members(&text, arena, layout, err);
}

int layout_open(const struct store *store, const char *path, uint64_t max_bytes,
		struct arena *arena, struct layout *ret, struct err *err)
{
	cleanup_close int fd = -1;
	struct stat st = { 0 };

	*ret = (struct layout)LAYOUT_NONE;
	if (strcmp(path, "-") == 0)
		return open_archive(store, STDIN_FILENO, max_bytes, arena, ret, err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", path);
	if (!S_ISDIR(st.st_mode))
		return open_archive(store, fd, max_bytes, arena, ret, err);
	ret->dir = steal_fd(fd);
	return 0;
}

void layout_close(const struct store *store, struct layout *layout)
{
	struct err ignored = { 0 };

	closep(&layout->dir);
	/* What cannot be removed now is removed by the collector. */
	if (*layout->staging)
		(void)!store_remove_tree(store->tmp, layout->staging, false, &ignored);
	closep(&layout->lock);
	*layout = (struct layout)LAYOUT_NONE;
}

/* Links are followed once: that is all that any tool makes. */
static const struct layout_member *find_member(const struct layout *layout, const char *name)
{
	const char *target = NULL;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < layout->n; i++) {
			const struct layout_member *m = &layout->members[i];

			if (!m->name || strcmp(m->name, target ? target : name) != 0)
				continue;
			if (m->file)
				return m;
			target = m->target;
			break;
		}
		if (!target)
			return NULL;
	}
	return NULL;
}

static int open_in_folder(const struct layout *layout, const char *name, struct err *err)
{
	return path_open_in(layout->dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW,
			    RESOLVE_NO_SYMLINKS, err);
}

bool layout_has(const struct layout *layout, const char *name)
{
	struct err ignored = { 0 };
	cleanup_close int fd = -1;

	if (layout->is_archive)
		return find_member(layout, name) != NULL;
	fd = open_in_folder(layout, name, &ignored);
	return fd >= 0;
}

int layout_open_file(const struct layout *layout, const char *name, uint64_t *ret_size,
		     const char **ret_digest, struct err *err)
{
	const struct layout_member *m = layout->is_archive ? find_member(layout, name) : NULL;
	cleanup_close int fd = -1;
	struct stat st = { 0 };

	if (layout->is_archive && !m)
		return err_set(err, ENOENT, "the archive has no %.200s", name);
	fd = m ? openat(layout->dir, m->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
	       : open_in_folder(layout, name, err);
	if (fd < 0)
		return m ? err_sys(err, errno, "cannot open %.200s", name) : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%.200s is not a regular file", name);
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	if (ret_digest)
		*ret_digest = m ? m->digest : NULL;
	return steal_fd(fd);
}

int layout_read(const struct layout *layout, const char *name, size_t max, struct strbuf *ret,
		struct err *err)
{
	cleanup_close int fd = layout_open_file(layout, name, NULL, NULL, err);
	int r;

	if (fd < 0)
		return fd;
	r = fd_read_all(fd, max, ret);
	return r < 0 ? err_sys(err, -r, "cannot read %.200s", name) : 0;
}
