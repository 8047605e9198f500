/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/image_edit.h"
#include "runtime/image_json.h"
#include "runtime/image_parse.h"
#include "runtime/layers_bring.h"
#include "runtime/store_image.h"

#define BLOB_PREFIX "blobs/sha256/"
#define NESTING_MAX 2

struct loader {
	const struct store *store;
	const struct layout *layout;
	const struct load_request *request;
	struct arena *arena;
	struct loaded *loaded;
	size_t n, cap;
};

/* A JSON blob of the layout, its digest checked. */
static int read_json(struct loader *l, const char *digest, struct strbuf *text, struct err *err)
{
	char path[sizeof(BLOB_PREFIX) + DIGEST_HEX_LEN];
	char found[STORE_DIGEST_LEN];
	int r;

	snprintf(path, sizeof(path), BLOB_PREFIX "%s", store_digest_hex(digest));
	r = layout_read(l->layout, path, IMAGE_JSON_MAX, text, err);
	if (r < 0)
		return r;
	store_digest_of(strbuf_str(text), text->len, found);
	return strcmp(found, digest) == 0
		       ? 0
		       : err_set(err, EBADMSG, "digest mismatch: expected %s, got %s", digest,
				 found);
}

/* Into the store. */
static int keep_json(struct loader *l, const char *digest, const struct strbuf *text,
		     struct err *err)
{
	return store_put_blob(l->store, strbuf_str(text), text->len, digest, NULL, err);
}

static int judge(const struct loader *l, const char *const *digests, const struct image_ref *name,
		 struct image_texts *ret_signed, struct err *err)
{
	const struct load_request *request = l->request;

	return request->judge ? request->judge(request, l->layout, digests, name, ret_signed, err)
			      : 0;
}

static int add_loaded(struct loader *l, const char *manifest, const struct image_ref *name,
		      const struct image_texts *signed_by, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct loaded *grown = arena_grow(l->arena, l->loaded, &l->cap, l->n + 1, sizeof(*grown));
	struct loaded *one;
	int r = image_add_signed(l->store, manifest, name, l->request->range, signed_by, err);

	if (r < 0)
		return r;
	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	l->loaded = grown;
	one = &grown[l->n++];
	*one = (struct loaded){ 0 };
	memcpy(one->manifest, manifest, STORE_DIGEST_LEN);
	if (!name)
		return 0;
	image_ref_print(name, &text);
	one->reference = arena_strdup(l->arena, strbuf_str(&text));
	return one->reference ? 0 : err_set(err, ENOMEM, "out of memory");
}

/*
 * The name in an index is a whole reference, or a tag alone, which names nothing. The caller's own
 * wish comes first.
 */
static int choose_name(const struct loader *l, const char *ref, struct image_ref *space,
		       const struct image_ref **ret)
{
	struct err ignored = { 0 };

	*ret = l->request->name;
	if (*ret || !ref || !strpbrk(ref, "/:"))
		return 0;
	if (image_ref_parse(span_of(ref), space, &ignored) == 0)
		*ret = space;
	return 0;
}

static int open_layer(struct loader *l, const struct image_descriptor *d, const char *diff_id,
		      struct layer_source *ret, struct err *err)
{
	char path[sizeof(BLOB_PREFIX) + DIGEST_HEX_LEN];

	*ret = (struct layer_source){
		.digest = d->digest,
		.size = d->size,
		.media_type = d->media_type,
		.diff_id = diff_id,
		.range = l->request->range,
		.max_bytes = l->request->max_bytes,
		.max_entries = l->request->max_entries,
	};
	snprintf(path, sizeof(path), BLOB_PREFIX "%s", store_digest_hex(d->digest));
	ret->input = layout_open_file(l->layout, path, NULL, NULL, err);
	/* A layout may leave out what the store has. */
	if (ret->input == -ENOENT && store_has_blob(l->store, d->digest))
		return 0;
	return ret->input < 0 ? ret->input : 0;
}

static int bring(struct loader *l, struct layer_source *sources, size_t n,
		 struct layer_result *results, struct err *err)
{
	int r = layers_bring(l->store, sources, n, l->request->progress, results, err);

	for (size_t i = 0; i < n; i++)
		closep(&sources[i].input);
	return r;
}

/* Its configuration and its layers. */
static int bring_parts(struct loader *l, const struct image_manifest *m, struct err *err)
{
	cleanup_strbuf struct strbuf config = { 0 };
	struct image_config c = { 0 };
	struct layer_source *sources;
	int r = read_json(l, m->config.digest, &config, err);

	if (r == 0)
		r = keep_json(l, m->config.digest, &config, err);
	if (r == 0)
		r = image_parse_config((struct span){ config.p, config.len }, l->arena, &c, err);
	if (r < 0)
		return r;
	if (c.n_diff_ids != m->n_layers)
		return err_set(err, EBADMSG, "%zu layers, but %zu diffIDs", m->n_layers,
			       c.n_diff_ids);
	sources = arena_array(l->arena, m->n_layers + 1, sizeof(*sources));
	if (!sources)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < m->n_layers; i++)
		sources[i].input = -1;
	for (size_t i = 0; r == 0 && i < m->n_layers; i++)
		r = open_layer(l, &m->layers[i], c.diff_ids[i], &sources[i], err);
	return r < 0 ? r : bring(l, sources, m->n_layers, NULL, err);
}

/* What signs an image lies beside it, and is none. */
static bool is_signature(const struct image_manifest *m)
{
	for (size_t i = 0; i < m->n_layers; i++) {
		if (strcmp(m->layers[i].media_type, SIGNATURE_PAYLOAD_TYPE) != 0)
			return false;
	}
	return m->n_layers > 0;
}

/*
 * Load an image.
 *
 *   above  digest of the index that leads to it, or NULL
 *
 * Returns   1 (there it is), 0 (it is none, but signatures), -errno.
 */
static int load_manifest(struct loader *l, const struct image_descriptor *d, const char *above,
			 struct err *err)
{
	const char *const digests[] = { d->digest, above, NULL };
	cleanup_strbuf struct strbuf manifest = { 0 };
	struct image_texts signed_by = { 0 };
	struct image_manifest m = { 0 };
	struct image_ref space = { 0 };
	const struct image_ref *name = NULL;
	int r = read_json(l, d->digest, &manifest, err);

	if (r == 0)
		r = image_parse_manifest((struct span){ manifest.p, manifest.len }, l->arena, &m,
					 err);
	if (r < 0 || is_signature(&m))
		return r;
	r = choose_name(l, d->ref, &space, &name);
	if (r == 0)
		r = judge(l, digests, name, &signed_by, err);
	if (r == 0)
		r = keep_json(l, d->digest, &manifest, err);
	if (r == 0)
		r = bring_parts(l, &m, err);
	if (r == 0)
		r = add_loaded(l, d->digest, name, &signed_by, err);
	return r < 0 ? r : 1;
}

static bool is_for_us(const struct load_request *request, const struct image_descriptor *d)
{
	return (!d->os || strcmp(d->os, request->os) == 0) &&
	       (!d->arch || strcmp(d->arch, request->arch) == 0);
}

/* An index on the way to images. */
struct index_place {
	const char *digest; /* NULL: the layout's own */
	const char *ref;    /* what it is called, or NULL */
	int depth;
};

static int load_index(struct loader *l, struct span json, struct index_place place,
		      struct err *err);

static int load_descriptor(struct loader *l, struct image_descriptor d, struct index_place place,
			   struct err *err)
{
	const struct index_place below = { d.digest, d.ref, place.depth + 1 };
	cleanup_strbuf struct strbuf text = { 0 };
	int r;

	if (!image_media_is_index(d.media_type))
		return load_manifest(l, &d, place.digest, err);
	if (place.depth == NESTING_MAX)
		return err_set(err, EBADMSG, "an index in an index in an index");
	r = read_json(l, d.digest, &text, err);
	if (r == 0)
		r = load_index(l, (struct span){ text.p, text.len }, below, err);
	return r < 0 ? r : 1;
}

/* Of the top index all, of one below it the first that this machine can run. */
static int load_index(struct loader *l, struct span json, struct index_place place, struct err *err)
{
	struct image_index index = { 0 };
	bool found = false;
	int r = image_parse_index(json, l->arena, &index, err);

	for (size_t i = 0; r >= 0 && i < index.n; i++) {
		struct image_descriptor d = index.manifests[i];

		if (!is_for_us(l->request, &d) || (found && place.depth > 0))
			continue;
		d.ref = d.ref ? d.ref : place.ref;
		r = load_descriptor(l, d, place, err);
		found = found || r > 0;
	}
	if (r >= 0 && !found)
		return err_set(err, ENOENT, "no image for %s/%s", l->request->os, l->request->arch);
	return r < 0 ? r : 0;
}

/* "docker save": a list of images, each a configuration and files of layers. */
struct docker_image {
	const char *config;
	const char **layers, **tags;
	size_t n_layers, n_tags;
};

static int open_docker_layer(struct loader *l, const char *name, const char *diff_id,
			     struct layer_source *ret, struct err *err)
{
	uint64_t size = 0;

	*ret = (struct layer_source){ .diff_id = diff_id,
				      .range = l->request->range,
				      .max_bytes = l->request->max_bytes,
				      .max_entries = l->request->max_entries };
	ret->input = layout_open_file(l->layout, name, &size, &ret->digest, err);
	ret->size = size;
	return ret->input < 0 ? ret->input : layer_media_type(ret->input, &ret->media_type, err);
}

static int name_docker(struct loader *l, const struct docker_image *image, const char *manifest,
		       struct err *err)
{
	int r = 0;

	if (l->request->name || image->n_tags == 0)
		return add_loaded(l, manifest, l->request->name, NULL, err);
	for (size_t i = 0; r == 0 && i < image->n_tags; i++) {
		struct image_ref name = { 0 };

		r = image_ref_parse(span_of(image->tags[i]), &name, err);
		if (r == 0)
			r = add_loaded(l, manifest, &name, NULL, err);
	}
	return r;
}

/* Such an archive holds no signatures: each name must do without. */
static int judge_docker(const struct loader *l, const struct docker_image *image, struct err *err)
{
	static const char *const none[] = { NULL };
	struct image_texts signed_by = { 0 };
	struct image_ref name = { 0 };
	int r = 0;

	if (l->request->name || image->n_tags == 0)
		return judge(l, none, l->request->name, &signed_by, err);
	for (size_t i = 0; r == 0 && i < image->n_tags; i++) {
		r = image_ref_parse(span_of(image->tags[i]), &name, err);
		if (r == 0)
			r = judge(l, none, &name, &signed_by, err);
	}
	return r;
}

static int load_docker_image(struct loader *l, const struct docker_image *image, struct err *err)
{
	cleanup_strbuf struct strbuf config = { 0 };
	char config_digest[STORE_DIGEST_LEN];
	char manifest[STORE_DIGEST_LEN];
	struct image_config c = { 0 };
	struct layer_source *sources;
	struct layer_result *results;
	int r = judge_docker(l, image, err);

	if (r == 0)
		r = layout_read(l->layout, image->config, IMAGE_JSON_MAX, &config, err);
	if (r == 0)
		r = store_put_blob(l->store, config.p, config.len, NULL, config_digest, err);
	if (r == 0)
		r = image_parse_config((struct span){ config.p, config.len }, l->arena, &c, err);
	if (r < 0)
		return r;
	if (c.n_diff_ids != image->n_layers)
		return err_set(err, EBADMSG, "%zu layers, but %zu diffIDs", image->n_layers,
			       c.n_diff_ids);
	sources = arena_array(l->arena, image->n_layers + 1, sizeof(*sources));
	results = arena_array(l->arena, image->n_layers + 1, sizeof(*results));
	if (!sources || !results)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < image->n_layers; i++)
		sources[i].input = -1;
	for (size_t i = 0; r == 0 && i < image->n_layers; i++)
		r = open_docker_layer(l, image->layers[i], c.diff_ids[i], &sources[i], err);
	if (r == 0)
		r = bring(l, sources, image->n_layers, results, err);
	if (r == 0)
		r = image_put_manifest(l->store, config_digest, config.len, results,
				       image->n_layers, manifest, err);
	return r < 0 ? r : name_docker(l, image, manifest, err);
}

static int load_docker(struct loader *l, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct docker_image image = { 0 };
	struct image_pair *pairs = NULL;
	size_t n = 0;
	int r = layout_read(l->layout, "manifest.json", IMAGE_JSON_MAX, &text, err);

	if (r == 0)
		r = image_parse_pairs("docker", (struct span){ text.p, text.len }, l->arena, &pairs,
				      &n, err);
	if (r < 0)
		return r;
	image.layers = arena_array(l->arena, n + 1, sizeof(*image.layers));
	image.tags = arena_array(l->arena, n + 1, sizeof(*image.tags));
	if (!image.layers || !image.tags)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i <= n; i++) {
		bool begins = i == n || strcmp(pairs[i].key, "image") == 0;

		if (begins && image.config)
			r = load_docker_image(l, &image, err);
		if (i == n)
			break;
		if (begins) {
			image.config = pairs[i].value;
			image.n_layers = image.n_tags = 0;
		} else if (strcmp(pairs[i].key, "layer") == 0) {
			image.layers[image.n_layers++] = pairs[i].value;
		} else if (strcmp(pairs[i].key, "tag") == 0) {
			image.tags[image.n_tags++] = pairs[i].value;
		}
	}
	return r;
}

int image_load(const struct store *store, const struct layout *layout,
	       const struct load_request *request, struct arena *arena, struct loaded **ret,
	       size_t *ret_n, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct loader l = { .store = store, .layout = layout, .request = request, .arena = arena };
	int r;

	if (layout_has(layout, "index.json")) {
		r = layout_read(layout, "index.json", IMAGE_JSON_MAX, &text, err);
		if (r == 0)
			r = load_index(&l, (struct span){ text.p, text.len },
				       (struct index_place){ 0 }, err);
	} else if (layout_has(layout, "manifest.json")) {
		r = load_docker(&l, err);
	} else {
		r = err_set(
			err, EINVAL,
			"neither an OCI layout (index.json) nor an archive of docker save (manifest.json)");
	}
	if (r < 0)
		return r;
	*ret = l.loaded;
	*ret_n = l.n;
	return 0;
}
