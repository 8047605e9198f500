/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/kept.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/dirs.h"
#include "sandbox/overlay.h"

#define VERSION 1
#define RECORD_MAX ((size_t)4 << 20)

/* Root's workloads are other ids than root's own. */
static int give_away(int fd, const struct host *host, bool range, struct err *err)
{
	struct plan_ids ids = { 0 };
	int r;

	if (!host->is_root)
		return 0;
	r = plan_ids_files(host, range, &ids, err);
	if (r == 0 && fchown(fd, ids.uids[0].outside, ids.gids[0].outside) < 0)
		r = err_sys(err, errno, "cannot give the kept layer to the ids of the run");
	return r;
}

static int make_dir(int at, const char *name, const struct host *host, bool range, struct err *err)
{
	cleanup_close int fd = -1;

	if (mkdirat(at, name, 0755) < 0)
		return err_sys(err, errno, "cannot make the kept layer");
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return err_sys(err, errno, "cannot open the kept layer");
	return give_away(fd, host, range, err);
}

static int write_record(int dir, const struct kept_info *info, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };

	flat_putu(&text, "immure", VERSION);
	flat_puts(&text, "image", info->image);
	flat_puts(&text, "manifest", info->manifest);
	flat_puts(&text, "ids", info->range ? "range" : "one");
	if (info->name)
		flat_puts(&text, "name", info->name);
	flat_putu(&text, "created", (uint64_t)time(NULL));
	for (size_t i = 0; i < info->argv.n; i++)
		flat_puts(&text, "arg", info->argv.items[i]);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return fd_replace_file(dir, "record", text.p, text.len, true, err);
}

static int fill(int dir, const struct kept_info *info, const struct host *host, struct err *err)
{
	static const char *const parts[] = { OVERLAY_UPPER, OVERLAY_WORK };
	cleanup_close int data = -1;
	int r = make_dir(dir, KEPT_DATA, host, info->range, err);

	if (r < 0)
		return r;
	data = openat(dir, KEPT_DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (data < 0)
		return err_sys(err, errno, "cannot open the kept layer");
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(parts); i++)
		r = make_dir(data, parts[i], host, info->range, err);
	return r < 0 ? r : write_record(dir, info, err);
}

static void remove_staging(const struct store *store, const char *name)
{
	struct err ignored = { 0 };

	if (fd_remove_tree(store->tmp, name, &ignored) < 0)
		ignored.code = 0; /* in tmp/ it is rubbish, which prune takes away */
}

int kept_make(const char *id, const struct kept_info *info, const struct host *host,
	      struct kept *ret, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct kept kept = KEPT_NONE;
	cleanup_close int folder = -1;
	char staging[24] = "";
	int r = store_open(&store, err);

	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r < 0)
		return r;
	folder = kept_folder(&store, err);
	r = folder < 0 ? folder : store_make_staging(&store, 'k', staging, &kept.dir, err);
	if (r == 0)
		r = fill(kept.dir, info, host, err);
	if (r == 0)
		r = store_publish(&store, staging, folder, id, err);
	if (r < 0) {
		if (*staging)
			remove_staging(&store, staging);
		kept_close(&kept);
		return err_wrap(err, "--keep");
	}
	memcpy(kept.id, id, strnlen(id, sizeof(kept.id) - 1));
	*ret = kept;
	return 0;
}

int kept_path(const char *id, struct arena *arena, const char **ret, struct err *err)
{
	const char *folder = NULL;
	int r = dirs_data(arena, &folder, err);

	if (r < 0)
		return r;
	*ret = arena_printf(arena, "%s/" KEPT_FOLDER "/%s/" KEPT_DATA, folder, id);
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* Out of sight first, so that a kill leaves rubbish in tmp/ and not half of one. */
void kept_discard(struct kept *kept)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_close int folder = -1;
	struct err ignored = { 0 };
	char name[24];

	if (kept->dir >= 0 && !kept->used && store_open(&store, &ignored) == 0)
		folder = kept_folder(&store, &ignored);
	if (folder >= 0 && store_random_name('d', name, &ignored) == 0 &&
	    renameat2(folder, kept->id, store.tmp, name, RENAME_NOREPLACE) == 0)
		remove_staging(&store, name);
	kept_close(kept);
}

void kept_close(struct kept *kept)
{
	closep(&kept->dir);
}

int kept_folder(const struct store *store, struct err *err)
{
	return store_open_dir(store, KEPT_FOLDER, err);
}

static int open_id(int folder, const char *id, struct err *err)
{
	int fd = -1;

	if (text_is_id(id))
		fd = openat(folder, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (!text_is_id(id) || errno == ENOENT)
		return err_set(err, ENOENT, "run %.20s has no kept layer: immure run --keep", id);
	return err_sys(err, errno, "cannot open the kept layer of run %s", id);
}

int kept_open(const struct store *store, const char *id, enum kept_lock how, struct kept *ret,
	      struct err *err)
{
	cleanup_close int folder = kept_folder(store, err);
	cleanup_close int fd = -1;
	struct stat mine = { 0 };
	struct stat named = { 0 };

	if (folder < 0)
		return folder;
	fd = open_id(folder, id, err);
	if (fd < 0)
		return fd;
	if (flock(fd, (how == KEPT_CHANGE ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
		return err_set(err, EBUSY,
			       "the kept layer of run %s is in use: immure stop %s, if it goes on",
			       id, id);
	/* It may have been taken away before we had the lock. */
	if (fstat(fd, &mine) < 0 || fstatat(folder, id, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    mine.st_ino != named.st_ino)
		return err_set(err, ENOENT, "run %s has no kept layer", id);
	*ret = (struct kept){ .dir = steal_fd(fd), .used = true };
	memcpy(ret->id, id, strnlen(id, sizeof(ret->id) - 1));
	return 0;
}

static int add_arg(const char *value, struct arena *arena, struct image_texts *list)
{
	const char **grown =
		arena_grow(arena, list->items, &list->cap, list->n + 2, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	grown[list->n++] = value;
	grown[list->n] = NULL;
	return 0;
}

static int read_line(const struct flat_pair *pair, struct arena *arena, struct kept_info *info,
		     struct err *err)
{
	if (span_eq(pair->key, "image"))
		info->image = pair->value;
	else if (span_eq(pair->key, "manifest"))
		info->manifest = pair->value;
	else if (span_eq(pair->key, "name"))
		info->name = pair->value;
	else if (span_eq(pair->key, "ids"))
		info->range = strcmp(pair->value, "range") == 0;
	else if (span_eq(pair->key, "created"))
		return flat_u64(pair, &info->created, err);
	else if (span_eq(pair->key, "arg") && add_arg(pair->value, arena, &info->argv) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

int kept_read(int dir, struct arena *arena, struct kept_info *ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct kept_info info = { 0 };
	struct flat_pair pair = { 0 };
	struct span rest;
	int r = fd_read_file(dir, "record", RECORD_MAX, &text, err);

	rest = (struct span){ strbuf_str(&text), text.len };
	while (r >= 0 && (r = flat_next(&rest, arena, &pair, err)) > 0)
		r = read_line(&pair, arena, &info, err);
	if (r < 0)
		return r;
	if (!info.image || !info.manifest || !store_digest_hex(info.manifest))
		return err_set(err, EBADMSG, "the record of a kept layer is damaged");
	*ret = info;
	return 0;
}

int kept_on_image(const struct store *store, const char *manifest, char ret_id[RUN_ID_LEN],
		  struct err *err)
{
	int folder = kept_folder(store, err);
	cleanup_closedir DIR *dir = folder < 0 ? NULL : fdopendir(folder);
	const struct dirent *entry;

	if (folder < 0)
		return folder;
	if (!dir) {
		closep(&folder);
		return err_set(err, ENOMEM, "out of memory");
	}
	while ((entry = readdir(dir)) != NULL) {
		cleanup_arena struct arena arena = { 0 };
		struct kept_info info = { 0 };
		struct err ignored = { 0 };
		cleanup_close int one = -1;

		if (text_is_id(entry->d_name))
			one = open_id(dirfd(dir), entry->d_name, &ignored);
		if (one < 0 || kept_read(one, &arena, &info, &ignored) < 0 || !info.manifest ||
		    strcmp(info.manifest, manifest) != 0)
			continue;
		snprintf(ret_id, RUN_ID_LEN, "%.13s", entry->d_name);
		return 1;
	}
	return 0;
}
