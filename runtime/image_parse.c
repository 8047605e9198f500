/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_parse.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/unpack_call.h"

#define JSON_MEMORY ((uint64_t)64 << 20)

/* The text as a descriptor: no pipe that could block, no file that could stay. */
static int text_fd(struct span text, struct err *err)
{
	cleanup_close int fd = memfd_create("immure-json", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot make a file in memory");
	r = fd_write_all(fd, text.p, text.n);
	if (r < 0)
		return err_sys(err, -r, "cannot write a file in memory");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "cannot rewind a file in memory");
	return steal_fd(fd);
}

static int read_pairs(struct span rest, struct arena *arena, struct image_pair **ret, size_t *ret_n,
		      struct err *err)
{
	struct image_pair *pairs = NULL;
	size_t cap = 0;
	size_t n = 0;
	struct flat_pair pair = { 0 };
	int r;

	while ((r = flat_next(&rest, arena, &pair, err)) > 0) {
		struct image_pair *grown = arena_grow(arena, pairs, &cap, n + 1, sizeof(*grown));

		if (!grown)
			return err_set(err, ENOMEM, "out of memory");
		pairs = grown;
		grown[n].value = pair.value;
		grown[n].key = arena_strndup(arena, pair.key.p, pair.key.n);
		if (!grown[n++].key)
			return err_set(err, ENOMEM, "out of memory");
	}
	if (r < 0)
		return r;
	*ret = pairs;
	*ret_n = n;
	return 0;
}

/* Start the confined process, wait for it, and read what it says. */
static int call_unpack(const struct unpack_call *call, struct arena *arena, struct image_pair **ret,
		       size_t *ret_n, struct err *err)
{
	cleanup_unpack_job struct unpack_job job = UNPACK_JOB_NONE;
	int r = unpack_start(call, &job, err);

	if (r == 0)
		r = unpack_wait(&job, err);
	if (r < 0)
		return r;
	return read_pairs((struct span){ strbuf_str(&job.text), job.text.len }, arena, ret, ret_n,
			  err);
}

int image_parse_pairs(const char *kind, struct span json, struct arena *arena,
		      struct image_pair **ret, size_t *ret_n, struct err *err)
{
	cleanup_close int input = text_fd(json, err);
	const struct unpack_call call = { .task = "json",
					  .kind = kind,
					  .out_max = JSON_MEMORY,
					  .input = input,
					  .dir = -1,
					  .blob = -1 };

	return input < 0 ? input : call_unpack(&call, arena, ret, ret_n, err);
}

/* What follows a descriptor's own line tells more of it. */
static int describe(struct image_descriptor *d, const struct image_pair *pair, struct err *err)
{
	const struct {
		const char *key;
		const char **field;
	} texts[] = {
		{ "media", &d->media_type }, { "os", &d->os },   { "arch", &d->arch },
		{ "variant", &d->variant },  { "ref", &d->ref }, { "artifact", &d->artifact },
	};

	if (strcmp(pair->key, "size") == 0 &&
	    span_u64(span_of(pair->value), INT64_MAX, &d->size) < 0)
		return err_set(err, EBADMSG, "a size that is no number");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (strcmp(pair->key, texts[i].key) == 0)
			*texts[i].field = pair->value;
	}
	return 0;
}

int image_parse_index(struct span json, struct arena *arena, struct image_index *ret,
		      struct err *err)
{
	struct image_index index = { 0 };
	struct image_pair *pairs = NULL;
	size_t n = 0;
	int r = image_parse_pairs("index", json, arena, &pairs, &n, err);

	if (r < 0)
		return r;
	index.manifests = arena_array(arena, n + 1, sizeof(*index.manifests));
	if (!index.manifests)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (strcmp(pairs[i].key, "manifest") == 0)
			index.manifests[index.n++].digest = pairs[i].value;
		else if (index.n > 0)
			r = describe(&index.manifests[index.n - 1], &pairs[i], err);
		else if (strcmp(pairs[i].key, "media") == 0)
			index.media_type = pairs[i].value;
	}
	if (r == 0)
		*ret = index;
	return r;
}

/* The descriptor that a line begins, or NULL if it tells of the one before. */
static struct image_descriptor *begun_by(struct image_manifest *m, const char *key)
{
	if (strcmp(key, "config") == 0)
		return &m->config;
	if (strcmp(key, "layer") == 0)
		return &m->layers[m->n_layers++];
	return strcmp(key, "subject") == 0 ? &m->subject : NULL;
}

/* Lines "note KEY" and "note-value TEXT" stand in turn behind their layer's, none between them. */
static int add_note(struct image_descriptor *d, const struct image_pair *pair, size_t left,
		    struct err *err)
{
	if (strcmp(pair->key, "note") != 0)
		return 0;
	if (d->n_notes == 0)
		d->notes = pair;
	if (left < 2 || strcmp(pair[1].key, "note-value") != 0 || pair != d->notes + 2 * d->n_notes)
		return err_set(err, EPROTO, "a report whose annotations make no sense");
	d->n_notes++;
	return 0;
}

const char *image_note(const struct image_descriptor *d, size_t i, const char **ret_value)
{
	*ret_value = d->notes[2 * i + 1].value;
	return d->notes[2 * i].value;
}

const char *image_note_find(const struct image_descriptor *d, const char *key)
{
	const char *value = NULL;

	for (size_t i = 0; i < d->n_notes; i++) {
		if (strcmp(image_note(d, i, &value), key) == 0)
			return value;
	}
	return NULL;
}

int image_parse_manifest(struct span json, struct arena *arena, struct image_manifest *ret,
			 struct err *err)
{
	struct image_manifest m = { 0 };
	struct image_descriptor *at = NULL;
	struct image_pair *pairs = NULL;
	size_t n = 0;
	int r = image_parse_pairs("manifest", json, arena, &pairs, &n, err);

	if (r < 0)
		return r;
	m.layers = arena_array(arena, n + 1, sizeof(*m.layers));
	if (!m.layers)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct image_descriptor *begun = begun_by(&m, pairs[i].key);

		if (begun) {
			at = begun;
			at->digest = pairs[i].value;
		} else if (strcmp(pairs[i].key, "artifact") == 0) {
			m.artifact = pairs[i].value;
		} else if (at) {
			r = add_note(at, &pairs[i], n - i, err);
			if (r == 0)
				r = describe(at, &pairs[i], err);
		} else if (strcmp(pairs[i].key, "media") == 0) {
			m.media_type = pairs[i].value;
		}
	}
	if (r == 0 && !m.config.digest)
		return err_set(err, EBADMSG, "a manifest without a configuration");
	if (r == 0)
		*ret = m;
	return r;
}

int image_parse_config(struct span json, struct arena *arena, struct image_config *ret,
		       struct err *err)
{
	struct image_config c = { 0 };
	int r = image_parse_pairs("config", json, arena, &c.pairs, &c.n, err);

	if (r < 0)
		return r;
	c.diff_ids = arena_array(arena, c.n + 1, sizeof(*c.diff_ids));
	if (!c.diff_ids)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < c.n; i++) {
		if (strcmp(c.pairs[i].key, "diff-id") == 0)
			c.diff_ids[c.n_diff_ids++] = c.pairs[i].value;
	}
	*ret = c;
	return 0;
}

int image_parse_signature(struct span pem, struct span payload, const char *signature,
			  struct arena *arena, struct image_signature *ret, struct err *err)
{
	cleanup_close int input = text_fd(payload, err);
	cleanup_close int keys = input < 0 ? -1 : text_fd(pem, err);
	const struct unpack_call call = { .task = "signature",
					  .signature = signature,
					  .out_max = JSON_MEMORY,
					  .input = input,
					  .dir = -1,
					  .blob = keys };
	struct image_signature s = { 0 };
	struct image_pair *pairs = NULL;
	size_t n = 0;
	int r = keys < 0 ? -err->code : call_unpack(&call, arena, &pairs, &n, err);

	if (r < 0)
		return r;
	s.keys = arena_array(arena, n + 1, sizeof(*s.keys));
	if (!s.keys)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		if (strcmp(pairs[i].key, "key") == 0)
			s.keys[s.n_keys++] = pairs[i].value;
		else if (strcmp(pairs[i].key, "digest") == 0)
			s.digest = pairs[i].value;
		else if (strcmp(pairs[i].key, "reference") == 0)
			s.reference = pairs[i].value;
	}
	if (s.n_keys > 0 && (!s.digest || !s.reference))
		return err_set(err, EPROTO, "a report on a signature that makes no sense");
	*ret = s;
	return 0;
}

const char *image_config_find(const struct image_config *config, const char *key)
{
	for (size_t i = 0; i < config->n; i++) {
		if (strcmp(config->pairs[i].key, key) == 0)
			return config->pairs[i].value;
	}
	return NULL;
}

bool image_media_is_index(const char *media_type)
{
	return media_type &&
	       (strcmp(media_type, "application/vnd.oci.image.index.v1+json") == 0 ||
		strcmp(media_type, "application/vnd.docker.distribution.manifest.list.v2+json") ==
			0);
}
