/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mark, then sweep. What is swept is renamed into tmp/ first, so that a kill leaves a whole layer
 * or rubbish that the next run of this takes away.
 */
#include "runtime/store_clean.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/store_find.h"
#include "runtime/store_image.h"
#include "runtime/store_layer.h"
#include "runtime/userns_call.h"

/* Digests in hexadecimal that images need: a sorted array. */
struct marks {
	struct arena arena;
	size_t n, cap;
	const char **hex;
};

static void marks_done(struct marks *marks)
{
	arena_done(&marks->arena);
}

static int mark(struct marks *marks, const char *digest, struct err *err)
{
	const char *hex = digest ? store_digest_hex(digest) : NULL;
	const char **grown;

	if (!hex)
		return err_set(err, EBADMSG, "a record of an image names no digest");
	grown = arena_grow(&marks->arena, marks->hex, &marks->cap, marks->n + 1, sizeof(*grown));
	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	marks->hex = grown;
	grown[marks->n++] = hex;
	return 0;
}

static int by_hex(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int mark_image(const struct store *store, const char *manifest, struct marks *marks,
		      struct err *err)
{
	struct image_record record = { 0 };
	int r = store_read_image(store, manifest, &marks->arena, &record, NULL, err);

	if (r == 0)
		r = mark(marks, record.manifest, err);
	if (r == 0)
		r = mark(marks, record.config, err);
	for (size_t i = 0; r == 0 && i < record.n_layers; i++) {
		r = mark(marks, record.layers[i].blob, err);
		if (r == 0)
			r = mark(marks, record.layers[i].diff_id, err);
	}
	return r < 0 ? err_wrap(err, "image %s", manifest) : 0;
}

static int mark_all(const struct store *store, struct marks *marks, struct err *err)
{
	const char **digests = NULL;
	int n = image_digests(store, &marks->arena, &digests, err);

	for (int i = 0; i < n; i++) {
		int r = mark_image(store, digests[i], marks, err);

		if (r < 0)
			return r;
	}
	if (n >= 0 && marks->n > 0)
		qsort(marks->hex, marks->n, sizeof(*marks->hex), by_hex);
	return n < 0 ? n : 0;
}

/* A name of the store begins with 64 digits. */
static bool is_marked(const struct marks *marks, const char *name)
{
	char hex[DIGEST_HEX_LEN];
	const char *key = hex;

	snprintf(hex, sizeof(hex), "%s", name);
	return marks->n > 0 &&
	       bsearch(&key, marks->hex, marks->n, sizeof(*marks->hex), by_hex) != NULL;
}

struct sweeper {
	const struct store *store;
	const struct marks *marks;
	struct store_freed freed;
};

typedef int (*sweep_fn)(struct sweeper *s, const char *name, struct err *err);

static int sweep(struct sweeper *s, int folder, sweep_fn fn, struct err *err)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list a folder of the store");
	}
	while ((entry = readdir(dir)) != NULL) {
		int r = 0;

		if (entry->d_name[0] != '.')
			r = fn(s, entry->d_name, err);
		else if (strncmp(entry->d_name, ".tmp-", 5) == 0)
			(void)!unlinkat(folder, entry->d_name, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

static int sweep_file(struct sweeper *s, int folder, const char *name, uint32_t *count,
		      struct err *err)
{
	struct stat st = { 0 };

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || unlinkat(folder, name, 0) < 0)
		return err_sys(err, errno, "cannot remove %s of the store", name);
	s->freed.bytes += (uint64_t)st.st_size;
	(*count)++;
	return 0;
}

static int sweep_blob(struct sweeper *s, const char *name, struct err *err)
{
	if (is_marked(s->marks, name))
		return 0;
	return sweep_file(s, s->store->blobs, name, &s->freed.blobs, err);
}

static int sweep_partial(struct sweeper *s, const char *name, struct err *err)
{
	return sweep_file(s, s->store->partial, name, &s->freed.others, err);
}

static bool is_range(const char *name)
{
	return geteuid() != 0 && strstr(name, ".range") != NULL;
}

static uint64_t bytes_of(const struct store *store, const char *name)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct flat_pair pair = { 0 };
	struct err ignored = { 0 };
	char digest[STORE_DIGEST_LEN];
	uint64_t bytes = 0;
	struct span rest;

	snprintf(digest, sizeof(digest), "sha256:%.64s", name);
	if (layer_record(store, digest, strstr(name, ".range") != NULL, &text, &ignored) < 0)
		return 0;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (flat_next(&rest, &arena, &pair, &ignored) > 0) {
		if (span_eq(pair.key, "file-bytes") && flat_u64(&pair, &bytes, &ignored) == 0)
			break;
	}
	return bytes;
}

/* The name in tmp/ keeps whether its files are a range's. */
static int sweep_layer(struct sweeper *s, const char *name, struct err *err)
{
	char doomed[LAYER_FOLDER_LEN + 8];
	uint64_t bytes;

	if (is_marked(s->marks, name))
		return 0;
	bytes = bytes_of(s->store, name);
	snprintf(doomed, sizeof(doomed), "d-%s", name);
	if (renameat2(s->store->layers, name, s->store->tmp, doomed, RENAME_NOREPLACE) < 0 &&
	    errno != EEXIST)
		return err_sys(err, errno, "cannot remove the layer %s", name);
	s->freed.bytes += bytes;
	s->freed.layers++;
	return store_remove_tree(s->store->tmp, doomed, is_range(doomed), err);
}

/*
 * Rubbish of a maker that was killed; its lock ended with it. Whose files are in it is seen at the
 * first that cannot be removed.
 */
static int sweep_tmp(struct sweeper *s, const char *name, struct err *err)
{
	cleanup_close int fd = openat(s->store->tmp, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct err first = { 0 };
	struct stat st = { 0 };

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "cannot look at %s", name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (S_ISREG(st.st_mode))
		return sweep_file(s, s->store->tmp, name, &s->freed.others, err);
	s->freed.others++;
	if (store_remove_tree(s->store->tmp, name, is_range(name), &first) == 0)
		return 0;
	return store_remove_tree(s->store->tmp, name, geteuid() != 0, err);
}

int store_collect(const struct store *store, bool keep_partial, struct store_freed *ret,
		  struct err *err)
{
	cleanup(marks_done) struct marks marks = { .n = 0 };
	struct sweeper s = { .store = store, .marks = &marks };
	int r = mark_all(store, &marks, err);

	if (r == 0)
		r = sweep(&s, store->tmp, sweep_tmp, err);
	if (r == 0)
		r = sweep(&s, store->layers, sweep_layer, err);
	if (r == 0)
		r = sweep(&s, store->blobs, sweep_blob, err);
	if (r == 0 && !keep_partial)
		r = sweep(&s, store->partial, sweep_partial, err);
	if (r == 0)
		*ret = s.freed;
	return r;
}

struct tree_name {
	int dir;
	const char *name;
};

static int remove_tree(void *data, struct err *err)
{
	const struct tree_name *tree = data;

	return fd_remove_tree(tree->dir, tree->name, err);
}

int store_remove_tree(int dir, const char *name, bool range, struct err *err)
{
	struct tree_name tree = { .dir = dir, .name = name };

	return range ? userns_call(remove_tree, &tree, err) : remove_tree(&tree, err);
}
