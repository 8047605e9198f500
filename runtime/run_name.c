/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "runtime/dirs.h"

static int read_name(int names, const char *name, char ret[RUN_ID_LEN])
{
	ssize_t n = text_is_id(name) ? readlinkat(names, name, ret, RUN_ID_LEN) : -1;

	if (n != RUN_ID_LEN - 1)
		return -ENOENT;
	ret[n] = '\0';
	return 0;
}

/* Two that want one name come one after the other. */
static int open_locked(struct err *err)
{
	cleanup_close int names = dirs_open_state("names", err);

	if (names < 0)
		return names;
	if (flock(names, LOCK_EX) < 0)
		return err_sys(err, errno, "cannot lock the names of runs");
	return steal_fd(names);
}

/* Nobody has it, or one that has ended, who loses it. */
static int make_free(int names, int runs, const char *name, struct err *err)
{
	char holder[RUN_ID_LEN];

	if (read_name(names, name, holder) < 0)
		return 0;
	if (run_folder_is_live(runs, holder))
		return err_set(err, EEXIST, "the name %s is in use by run %s", name, holder);
	if (unlinkat(names, name, 0) < 0)
		return err_sys(err, errno, "cannot take over the name %s", name);
	return 0;
}

int run_name_claim(const struct run_folder *folder, const char *name, struct err *err)
{
	cleanup_close int names = open_locked(err);
	int r = names < 0 ? names : make_free(names, folder->runs, name, err);

	if (r == 0 && symlinkat(folder->id, names, name) < 0)
		r = err_sys(err, errno, "cannot make the name %s", name);
	return r;
}

int run_name_find(const char *name, char ret[RUN_ID_LEN])
{
	struct err ignored = { 0 };
	cleanup_close int names = dirs_open_state("names", &ignored);

	return names < 0 ? -ENOENT : read_name(names, name, ret);
}

/* The next name in the folder that stands for a run, or NULL. */
static const char *next_name(DIR *dir, char ret_id[RUN_ID_LEN])
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		if (read_name(dirfd(dir), entry->d_name, ret_id) == 0)
			return entry->d_name;
	}
	return NULL;
}

static DIR *list(int names)
{
	int copy = openat(names, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		closep(&copy);
	return dir;
}

static int drop_but(int names, const char *id, const char *kept, struct err *err)
{
	cleanup_closedir DIR *dir = list(names);
	char holder[RUN_ID_LEN];
	const char *name;

	if (!dir)
		return err_sys(err, errno, "cannot list the names of runs");
	while ((name = next_name(dir, holder)) != NULL) {
		if (strcmp(holder, id) != 0 || (kept && strcmp(name, kept) == 0))
			continue;
		if (unlinkat(names, name, 0) < 0 && errno != ENOENT)
			return err_sys(err, errno, "cannot remove the name %s", name);
	}
	return 0;
}

/* First the new one: a run that has two for a moment loses none by a kill. */
int run_name_change(int runs, const char *id, const char *name, struct err *err)
{
	cleanup_close int names = -1;
	char holder[RUN_ID_LEN];
	int r;

	if (!text_is_id(name)) {
		err_set(err, EINVAL,
			"%.70s: expected 1 to 64 letters, digits, '_', '.', '-', the first a letter or digit",
			name);
		return err_at(err, ERR_USAGE);
	}
	names = open_locked(err);
	if (names < 0)
		return names;
	if (read_name(names, name, holder) < 0 || strcmp(holder, id) != 0) {
		r = make_free(names, runs, name, err);
		if (r < 0)
			return r;
		if (symlinkat(id, names, name) < 0)
			return err_sys(err, errno, "cannot make the name %s", name);
	}
	return drop_but(names, id, name, err);
}

void run_name_drop(const char *id)
{
	struct err ignored = { 0 };
	cleanup_close int names = open_locked(&ignored);

	if (names >= 0 && drop_but(names, id, NULL, &ignored) < 0)
		return; /* it is taken over by whoever wants it */
}

void run_names_read(struct arena *arena, struct run_names *ret)
{
	struct err ignored = { 0 };
	cleanup_close int names = dirs_open_state("names", &ignored);
	cleanup_closedir DIR *dir = names < 0 ? NULL : list(names);
	char id[RUN_ID_LEN];
	const char *name;
	size_t cap = 0;

	*ret = (struct run_names){ 0 };
	while (dir && (name = next_name(dir, id)) != NULL) {
		struct run_named *grown =
			arena_grow(arena, ret->items, &cap, ret->n + 1, sizeof(*grown));

		name = arena_strdup(arena, name);
		if (!grown || !name)
			return;
		ret->items = grown;
		grown[ret->n].name = name;
		memcpy(grown[ret->n++].id, id, RUN_ID_LEN);
	}
}

const char *run_name_of(const struct run_names *names, const char *id)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->items[i].id, id) == 0)
			return names->items[i].name;
	}
	return NULL;
}
