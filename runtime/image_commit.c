/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_commit.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/image_change.h"
#include "runtime/image_edit.h"
#include "runtime/image_json.h"
#include "runtime/image_platform.h"
#include "runtime/kept.h"
#include "runtime/layer_make.h"
#include "sandbox/overlay.h"

/* An image on its way. */
struct making {
	const struct store *store;
	const struct commit_request *request;
	struct arena arena;
	struct image_edit edit;
	struct image_step step;
	size_t n;
	struct layer_result *layers; /* as many as IMAGE_MAX_LAYERS */
};

static void making_done(struct making *m)
{
	arena_done(&m->arena);
}

static int init(struct making *m, struct err *err)
{
	const struct timespec created = { .tv_sec = m->request->created };
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_utc(&text, &created);
	m->edit.arena = &m->arena;
	m->edit.created = arena_strdup(&m->arena, strbuf_str(&text));
	m->layers = arena_array(&m->arena, IMAGE_MAX_LAYERS, sizeof(*m->layers));
	if (!m->edit.created || !m->layers)
		return err_set(err, ENOMEM, "out of memory");
	m->step = (struct image_step){ .created = m->edit.created,
				       .comment = m->request->message,
				       .author = m->request->author };
	return 0;
}

static int change(struct making *m, struct err *err)
{
	const struct commit_request *request = m->request;
	int r = 0;

	if (request->author)
		m->edit.author = request->author;
	for (size_t i = 0; r == 0 && i < request->changes->n; i++)
		r = image_change(&m->edit, request->changes->items[i], err);
	return r;
}

static int add_layer(struct making *m, const struct layer_result *layer, struct err *err)
{
	const char *diff_id = arena_strdup(&m->arena, layer->diff_id);

	if (m->n == IMAGE_MAX_LAYERS)
		return err_set(err, E2BIG, "the image has %d layers already, and cannot have more",
			       IMAGE_MAX_LAYERS);
	if (!diff_id)
		return err_set(err, ENOMEM, "out of memory");
	m->layers[m->n++] = *layer;
	return image_edit_add(&m->edit, &m->edit.diff_ids, diff_id, err);
}

static int publish(struct making *m, bool range, char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	int r = image_edit_step(&m->edit, &m->step, err);

	return r < 0 ? r
		     : image_edit_publish(&m->edit, m->store, m->layers, m->request->name, range,
					  ret_digest, err);
}

static int read_blob(const struct making *m, const char *digest, struct strbuf *text,
		     struct span *ret, struct err *err)
{
	int r = store_read_blob(m->store, digest, IMAGE_JSON_MAX, text, err);

	*ret = (struct span){ strbuf_str(text), text->len };
	return r;
}

/* Its layers keep their bytes; Docker's names of media types become OCI's. */
static int take_layers(struct making *m, const struct image_manifest *manifest,
		       const struct image_config *config, struct err *err)
{
	if (manifest->n_layers != config->n_diff_ids)
		return err_set(err, EBADMSG, "%zu layers, but %zu diffIDs", manifest->n_layers,
			       config->n_diff_ids);
	for (; m->n < manifest->n_layers; m->n++) {
		const struct image_descriptor *from = &manifest->layers[m->n];
		struct layer_result *to = &m->layers[m->n];

		to->media_type = layer_oci_type(from->media_type);
		to->size = from->size;
		memcpy(to->digest, from->digest, STORE_DIGEST_LEN);
		if (!to->media_type)
			return err_set(err, EINVAL, "unknown media type of a layer: %.80s",
				       from->media_type);
	}
	return 0;
}

static int read_base(struct making *m, const char *digest, struct err *err)
{
	cleanup_strbuf struct strbuf first = { 0 };
	cleanup_strbuf struct strbuf second = { 0 };
	struct image_manifest manifest = { 0 };
	struct image_config config = { 0 };
	struct image_pair *rest = NULL;
	struct span json = { 0 };
	size_t n_rest = 0;
	int r = read_blob(m, digest, &first, &json, err);

	if (r == 0)
		r = image_parse_manifest(json, &m->arena, &manifest, err);
	if (r == 0)
		r = read_blob(m, manifest.config.digest, &second, &json, err);
	if (r == 0)
		r = image_parse_config(json, &m->arena, &config, err);
	if (r == 0)
		r = image_parse_pairs("rest", json, &m->arena, &rest, &n_rest, err);
	if (r == 0)
		r = take_layers(m, &manifest, &config, err);
	if (r == 0)
		r = image_edit_read(&m->edit, &config, rest, n_rest, err);
	return r < 0 ? err_wrap(err, "the image below") : 0;
}

/* The command of the run, as the history tells it. */
static int describe(struct making *m, const struct kept_info *info, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };

	for (size_t i = 0; i < info->argv.n; i++)
		strbuf_addf(&text, "%s%s", i > 0 ? " " : "", info->argv.items[i]);
	m->step.command = arena_strdup(&m->arena, strbuf_str(&text));
	return m->step.command ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* Unless it cannot even be looked at, which is no matter: then it is not empty. */
static bool is_empty(int at)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		closep(&fd);
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	}
	return true;
}

static int add_written(struct making *m, const struct kept *kept, bool range, struct err *err)
{
	cleanup_close int upper = openat(kept->dir, KEPT_DATA "/" OVERLAY_UPPER,
					 O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct layer_result layer = { .size = 0 };
	struct layer_tree tree = {
		.dir = upper,
		.foreign = true,
		.rules = { .layer = true,
			   .one_owner = !range && geteuid() != 0,
			   .has_newest = m->request->is_fixed,
			   .newest = m->request->created },
		.source = { .range = range,
			    .keep = m->request->compression,
			    .max_bytes = m->request->max_bytes,
			    .max_entries = m->request->max_entries },
	};
	int r;

	if (upper < 0)
		return err_sys(err, errno, "cannot open the kept layer of run %s", kept->id);
	m->step.empty = is_empty(upper);
	if (m->step.empty)
		return 0;
	r = layer_make(m->store, &tree, &layer, err);
	return r < 0 ? err_wrap(err, "the kept layer of run %s", kept->id)
		     : add_layer(m, &layer, err);
}

int image_commit(const struct store *store, const char *id, const struct commit_request *request,
		 char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup(making_done) struct making m = { .store = store, .request = request };
	cleanup_kept struct kept kept = KEPT_NONE;
	struct kept_info info = { 0 };
	int r = init(&m, err);

	if (r == 0)
		r = kept_open(store, id, KEPT_READ, &kept, err);
	if (r == 0)
		r = kept_read(kept.dir, &m.arena, &info, err);
	if (r == 0)
		r = describe(&m, &info, err);
	if (r == 0)
		r = read_base(&m, info.manifest, err);
	if (r == 0)
		r = change(&m, err);
	if (r == 0)
		r = add_written(&m, &kept, info.range, err);
	return r < 0 ? r : publish(&m, info.range, ret_digest, err);
}

static int import_folder(const struct making *m, int dir, const struct layer_source *source,
			 struct layer_result *ret, struct err *err)
{
	const struct layer_tree tree = {
		.dir = dir,
		/* What another tool made for a range of ours is seen from inside. */
		.foreign = source->range && geteuid() != 0,
		.rules = { .layer = true,
			   .one_owner = !source->range,
			   .has_newest = m->request->is_fixed,
			   .newest = m->request->created },
		.source = *source,
	};

	return layer_make(m->store, &tree, ret, err);
}

static int import_archive(const struct making *m, const struct layer_source *source,
			  struct layer_result *ret, struct err *err)
{
	struct layer_feed feed = LAYER_FEED_NONE;
	int r = layer_begin(m->store, source, true, &feed, err);

	return r < 0 ? r : layer_end(m->store, &feed, ret, err);
}

int image_import(const struct store *store, int input, const struct commit_request *request,
		 char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup(making_done) struct making m = { .store = store, .request = request };
	const struct layer_source source = { .range = request->range,
					     .keep = request->compression,
					     .max_bytes = request->max_bytes,
					     .max_entries = request->max_entries,
					     .input = input };
	struct layer_result layer = { .size = 0 };
	struct stat st = { 0 };
	int r = init(&m, err);

	if (r < 0)
		return r;
	m.step.command = "immure import";
	m.edit.os = image_os();
	m.edit.arch = image_arch();
	r = change(&m, err);
	if (r == 0 && fstat(input, &st) < 0)
		r = err_sys(err, errno, "cannot look at the input");
	if (r == 0)
		r = S_ISDIR(st.st_mode) ? import_folder(&m, input, &source, &layer, err)
					: import_archive(&m, &source, &layer, err);
	if (r == 0)
		r = add_layer(&m, &layer, err);
	return r < 0 ? r : publish(&m, request->range, ret_digest, err);
}
