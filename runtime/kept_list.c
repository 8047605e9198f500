/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/kept_list.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/run_find.h"
#include "runtime/run_name.h"
#include "runtime/store_clean.h"

#define TRIES 100
#define TRY_US 10000

int kept_list(const struct store *store, struct arena *arena, const char ***ret, struct err *err)
{
	cleanup_close int folder = kept_folder(store, err);

	return folder < 0 ? folder : run_list(folder, arena, ret, err);
}

int kept_look(struct arena *arena, const char ***ret, struct err *err)
{
	const char *path = NULL;
	const char **ids = NULL;
	cleanup_close int folder = -1;
	int r = kept_path(".", arena, &path, err);

	if (r < 0)
		return r;
	path = arena_strndup(arena, path, strlen(path) - strlen("/./" KEPT_DATA));
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return errno == ENOENT ? -ENOENT : err_sys(err, errno, "cannot open %s", path);
	r = run_list(folder, arena, &ids, err);
	if (r < 0)
		return r;
	*ret = arena_array(arena, (size_t)r + 1, sizeof(**ret));
	if (!*ret)
		return err_set(err, ENOMEM, "out of memory");
	memcpy(*ret, ids, (size_t)r * sizeof(*ids));
	return steal_fd(folder);
}

bool kept_is_there(const char *id)
{
	cleanup_arena struct arena arena = { 0 };
	const char *path = NULL;
	struct err none = { 0 };

	return kept_path(id, &arena, &path, &none) == 0 && access(path, F_OK) == 0;
}

/* What it is called by now, else what the run was called. */
static bool has_name(int folder, const char *id, const char *name, const struct run_names *names,
		     struct arena *arena)
{
	const char *now = run_name_of(names, id);
	cleanup_close int dir = openat(folder, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct kept_info info = { 0 };
	struct err ignored = { 0 };

	if (now)
		return strcmp(now, name) == 0;
	return dir >= 0 && kept_read(dir, arena, &info, &ignored) == 0 && info.name &&
	       strcmp(info.name, name) == 0;
}

static int64_t made_at(int folder, const char *id)
{
	char path[RUN_ID_LEN + sizeof("/record")];
	struct stat st = { 0 };

	snprintf(path, sizeof(path), "%.13s/record", id);
	if (fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

/* Of those that began in the same second the ids do not say which was the last. */
static const char *find_newest(int folder, const char **ids, int n, const char *name,
			       struct arena *arena)
{
	struct run_names names = { 0 };
	const char *found = NULL;
	int64_t newest = -1;

	if (name)
		run_names_read(arena, &names);

	for (int i = 0; i < n; i++) {
		int64_t at = made_at(folder, ids[i]);

		if (at <= newest || (name && !has_name(folder, ids[i], name, &names, arena)))
			continue;
		newest = at;
		found = ids[i];
	}
	return found;
}

int kept_find(const struct store *store, const char *which, struct arena *arena, const char **ret,
	      struct err *err)
{
	cleanup_close int folder = kept_folder(store, err);
	const char *found = NULL;
	const char **ids = NULL;
	int n = folder < 0 ? folder : run_list(folder, arena, &ids, err);
	int r;

	if (n < 0)
		return n;
	found = find_newest(folder, ids, n, strcmp(which, "last") == 0 ? NULL : which, arena);
	if (found) {
		*ret = found;
		return 0;
	}
	r = run_find(folder, which, arena, ret, err);
	if (r == -ENOENT)
		return err_set(err, ENOENT,
			       "no kept layer of a run \"%.40s\": immure run --keep makes one",
			       which);
	return r;
}

int kept_remove(const struct store *store, const char *id, struct err *err)
{
	cleanup_kept struct kept kept = KEPT_NONE;
	cleanup_arena struct arena arena = { 0 };
	cleanup_close int folder = -1;
	struct kept_info info = { 0 };
	struct err ignored = { 0 };
	char doomed[RUN_ID_LEN + 16];
	int r = kept_open(store, id, KEPT_CHANGE, &kept, err);

	if (r < 0)
		return r;
	folder = kept_folder(store, err);
	if (folder < 0)
		return folder;
	/* A damaged record does not keep it here: whose files they are is seen when they are gone.
	 */
	if (kept_read(kept.dir, &arena, &info, &ignored) < 0)
		info.range = geteuid() != 0;
	snprintf(doomed, sizeof(doomed), "d-%s.%s", id, info.range ? "range" : "one");
	if (renameat2(folder, id, store->tmp, doomed, RENAME_NOREPLACE) < 0)
		return err_sys(err, errno, "cannot remove the kept layer of run %s", id);
	if (fsync(folder) < 0)
		return err_sys(err, errno, "cannot write the store's folder");
	return store_remove_tree(store->tmp, doomed, info.range && geteuid() != 0, err);
}

int kept_remove_of_run(const char *id, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	int r;

	if (!kept_is_there(id))
		return 0;
	r = store_open(&store, err);
	if (r < 0)
		return r;
	/* The run has ended: of its two locks a killed one lets go one after the other. */
	for (int tries = 0; (r = kept_remove(&store, id, err)) == -EBUSY && tries < TRIES;
	     tries++) {
		*err = (struct err){ 0 };
		usleep(TRY_US);
	}
	return r;
}

int kept_remove_all(const struct store *store, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char **ids = NULL;
	int n = kept_list(store, &arena, &ids, err);
	int removed = 0;

	for (int i = 0; ids && i < n; i++) {
		struct err one = { 0 };
		int r = kept_remove(store, ids[i], &one);

		if (r < 0 && r != -EBUSY && r != -ENOENT) {
			*err = one;
			return r;
		}
		removed += r == 0;
	}
	return n < 0 ? n : removed;
}
