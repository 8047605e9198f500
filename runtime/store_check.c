/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store_check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/store_clean.h"
#include "runtime/store_find.h"
#include "runtime/store_image.h"
#include "runtime/store_layer.h"
#include "runtime/tree_compare.h"

static int add_fault(struct store_faults *f, const char *what, const char *why, bool repaired,
		     struct err *err)
{
	struct store_fault *grown =
		arena_grow(f->arena, f->items, &f->cap, f->n + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	f->items = grown;
	grown[f->n++] = (struct store_fault){
		.what = arena_strdup(f->arena, what),
		.why = arena_strdup(f->arena, why),
		.repaired = repaired,
	};
	f->left += repaired ? 0 : 1;
	if (!grown[f->n - 1].what || !grown[f->n - 1].why)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int check_blob(const struct store *store, const char *digest, struct store_faults *f,
		      struct err *err)
{
	char seen[STORE_DIGEST_LEN];
	uint64_t size = 0;
	cleanup_close int fd = store_open_blob(store, digest, &size, err);
	void *bytes = NULL;

	if (fd < 0)
		return fd;
	if (size > 0)
		bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return err_sys(err, errno, "cannot map the blob %s", digest);
	store_digest_of(bytes ? bytes : "", size, seen);
	if (bytes)
		munmap(bytes, size);
	f->blobs++;
	return strcmp(seen, digest) == 0 ? 0 : add_fault(f, digest, "other bytes", false, err);
}

static int check_blobs(const struct store *store, struct store_faults *f, struct err *err)
{
	int copy = openat(store->blobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list the store's blobs");
	}
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		char digest[sizeof("sha256:") + NAME_MAX];

		snprintf(digest, sizeof(digest), "sha256:%s", entry->d_name);
		if (store_digest_hex(digest))
			r = check_blob(store, digest, f, err);
		else if (entry->d_name[0] != '.')
			r = add_fault(f, entry->d_name, "no name of a blob", false, err);
	}
	return r;
}

/* The fresh one takes the place of the damaged one in one step, or of the missing one. */
static int exchange(const struct store *store, const struct layer_feed *fresh, const char *folder,
		    struct err *err)
{
	if (renameat2(store->tmp, fresh->staging, store->layers, folder, RENAME_EXCHANGE) < 0 &&
	    (errno != ENOENT || renameat(store->tmp, fresh->staging, store->layers, folder) < 0))
		return err_sys(err, errno, "cannot exchange the layer %s", folder);
	return fsync(store->layers) < 0 ? err_sys(err, errno, "cannot write the store's folder")
					: 0;
}

static int judge(const struct store *store, const struct layer_feed *fresh, const char *folder,
		 bool repair, struct store_faults *f, struct err *err)
{
	char why[TREE_DIFFERENCE_MAX] = "";
	char path[LAYER_FOLDER_LEN + sizeof("/root")];
	int r;

	snprintf(path, sizeof(path), "%s/root", folder);
	r = tree_compare(store->layers, path, fresh->root_fd, fresh->source.range, why, err);
	if (r <= 0)
		return r;
	if (repair) {
		r = exchange(store, fresh, folder, err);
		if (r < 0)
			return r;
	}
	return add_fault(f, folder, why, repair, err);
}

static int check_layer(const struct store *store, const struct image_layer *layer, bool range,
		       bool repair, struct store_faults *f, struct err *err)
{
	const struct layer_source source = { .digest = layer->blob,
					     .size = layer->size,
					     .diff_id = layer->diff_id,
					     .range = range,
					     .input = -1 };
	struct layer_feed fresh = LAYER_FEED_NONE;
	char folder[LAYER_FOLDER_LEN];
	struct err why = { 0 };
	int r;

	layer_folder(layer->diff_id, range, folder);
	f->layers++;
	r = layer_unpack_again(store, &source, &fresh, &why);
	if (r < 0)
		r = add_fault(f, folder, why.msg, false, err);
	else
		r = judge(store, &fresh, folder, repair, f, err);
	layer_cancel(store, &fresh);
	return r;
}

struct checker {
	const struct store *store;
	bool repair;
	struct store_faults *faults;
	size_t n, cap;
	const char **done; /* folders that were looked at */
};

/* Returns 1 if the folder was looked at before, else remembers it. */
static int remember(struct checker *c, const char *folder, struct err *err)
{
	const char **grown;

	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->done[i], folder) == 0)
			return 1;
	}
	grown = arena_grow(c->faults->arena, c->done, &c->cap, c->n + 1, sizeof(*grown));
	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	c->done = grown;
	grown[c->n] = arena_strdup(c->faults->arena, folder);
	return grown[c->n++] ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* One way of unpacking a layer; a layer that is unpacked in no way lacks the common one. */
static int check_way(struct checker *c, const struct image_layer *layer, bool range,
		     struct err *err)
{
	bool here = layer_is_there(c->store, layer->diff_id, range);
	bool there = layer_is_there(c->store, layer->diff_id, !range);
	bool common = range == (geteuid() == 0);
	char folder[LAYER_FOLDER_LEN];
	int r;

	if (!here && (there || !common))
		return 0;
	layer_folder(layer->diff_id, range, folder);
	r = remember(c, folder, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return check_layer(c->store, layer, range, c->repair, c->faults, err);
}

static int check_image(struct checker *c, const char *manifest, struct err *err)
{
	struct image_record record = { 0 };
	int r = store_read_image(c->store, manifest, c->faults->arena, &record, NULL, err);

	for (size_t i = 0; r == 0 && i < record.n_layers; i++) {
		r = check_way(c, &record.layers[i], false, err);
		if (r == 0)
			r = check_way(c, &record.layers[i], true, err);
	}
	return r;
}

int store_check(const struct store *store, bool repair, struct store_faults *ret, struct err *err)
{
	struct checker c = { .store = store, .repair = repair, .faults = ret };
	const char **digests = NULL;
	int n;
	int r = check_blobs(store, ret, err);

	if (r < 0)
		return r;
	n = image_digests(store, ret->arena, &digests, err);
	for (int i = 0; r == 0 && digests && i < n; i++)
		r = check_image(&c, digests[i], err);
	return n < 0 ? n : r;
}
