/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_save.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "runtime/image_json.h"
#include "runtime/image_parse.h"
#include "runtime/tar_write.h"

#define COPY_BYTES ((size_t)256 << 10)
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define REF_NAME "org.opencontainers.image.ref.name"
#define LAYOUT_FILE "{\"imageLayoutVersion\":\"1.0.0\"}"
#define MEMBER_MAX 128

/* What is known of one image. */
struct part {
	const struct save_image *image;
	struct image_manifest manifest;
	uint64_t manifest_size;
	const char *os, *arch, *variant; /* of its configuration */
};

struct saver {
	const struct store *store;
	enum save_format format;
	int out;
	struct arena arena;
	char *buffer; /* COPY_BYTES */
	size_t n;
	struct part *parts;
	size_t n_done, cap_done;
	const char **done; /* names of the members that are written */
};

static void saver_done(struct saver *s)
{
	free(s->buffer);
	arena_done(&s->arena);
}

/* Is this member there? If not, it counts as written from now on. */
static int mark(struct saver *s, const char *name, bool *ret_there, struct err *err)
{
	const char **grown;

	*ret_there = true;
	for (size_t i = 0; i < s->n_done; i++) {
		if (strcmp(s->done[i], name) == 0)
			return 0;
	}
	*ret_there = false;
	grown = arena_grow(&s->arena, s->done, &s->cap_done, s->n_done + 1, sizeof(*grown));
	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	s->done = grown;
	grown[s->n_done] = arena_strdup(&s->arena, name);
	return grown[s->n_done++] ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int cannot_write(int r, struct err *err)
{
	return err_sys(err, -r, "cannot write the image");
}

/* The file of a member, or the place in the archive where its bytes go. */
static int begin_member(const struct saver *s, const char *name, uint64_t size, int *ret,
			struct err *err)
{
	const struct tar_entry entry = { .path = name, .mode = S_IFREG | 0644, .size = size };
	cleanup_strbuf struct strbuf block = { 0 };
	int r;

	if (s->format == SAVE_OCI_DIR) {
		*ret = openat(s->out, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		return *ret < 0 ? cannot_write(-errno, err) : 0;
	}
	r = tar_header(&entry, &block);
	if (r == 0)
		r = fd_write_all(s->out, block.p, block.len);
	*ret = s->out;
	return r < 0 ? cannot_write(r, err) : 0;
}

static int end_member(const struct saver *s, int fd, uint64_t size, struct err *err)
{
	cleanup_strbuf struct strbuf padding = { 0 };
	int r = 0;

	if (s->format == SAVE_OCI_DIR) {
		if (fsync(fd) < 0)
			r = -errno;
		close(fd);
	} else {
		tar_pad(&padding, size);
		r = padding.failed ? -ENOMEM : fd_write_all(fd, padding.p, padding.len);
	}
	return r < 0 ? cannot_write(r, err) : 0;
}

static int put_bytes(struct saver *s, const char *name, const void *bytes, size_t n,
		     struct err *err)
{
	bool there = false;
	int fd = -1;
	int r = mark(s, name, &there, err);

	if (r < 0 || there)
		return r;
	r = begin_member(s, name, n, &fd, err);
	if (r < 0)
		return r;
	r = fd_write_all(fd, bytes, n);
	if (r < 0) {
		if (s->format == SAVE_OCI_DIR)
			close(fd);
		return cannot_write(r, err);
	}
	return end_member(s, fd, n, err);
}

static int copy_bytes(struct saver *s, int from, int to, uint64_t size, struct err *err)
{
	uint64_t left = size;

	while (left > 0) {
		size_t want = left < COPY_BYTES ? (size_t)left : COPY_BYTES;
		ssize_t n = fd_read_full(from, s->buffer, want);
		int r;

		if (n < 0)
			return err_sys(err, (int)-n, "cannot read a blob");
		if ((size_t)n != want)
			return err_set(err, EBADMSG, "a blob is shorter than it was");
		r = fd_write_all(to, s->buffer, want);
		if (r < 0)
			return cannot_write(r, err);
		left -= want;
	}
	return 0;
}

static int put_blob(struct saver *s, const char *name, const struct image_descriptor *blob,
		    struct err *err)
{
	cleanup_close int from = -1;
	uint64_t size = 0;
	bool there = false;
	int fd = -1;
	int r = mark(s, name, &there, err);

	if (r < 0 || there)
		return r;
	from = store_open_blob(s->store, blob->digest, &size, err);
	if (from < 0)
		return from;
	if (size != blob->size)
		return err_set(err, EBADMSG,
			       "the blob %.19s is damaged: immure image check tells more",
			       blob->digest);
	r = begin_member(s, name, size, &fd, err);
	if (r < 0)
		return r;
	r = copy_bytes(s, from, fd, size, err);
	if (r < 0) {
		if (s->format == SAVE_OCI_DIR)
			close(fd);
		return r;
	}
	return end_member(s, fd, size, err);
}

static int read_part(struct saver *s, struct part *part, struct err *err)
{
	cleanup_strbuf struct strbuf manifest = { 0 };
	cleanup_strbuf struct strbuf config = { 0 };
	struct image_config c = { 0 };
	int r = store_read_blob(s->store, part->image->manifest, IMAGE_JSON_MAX, &manifest, err);

	part->manifest_size = manifest.len;
	if (r == 0)
		r = image_parse_manifest((struct span){ manifest.p, manifest.len }, &s->arena,
					 &part->manifest, err);
	if (r == 0)
		r = store_read_blob(s->store, part->manifest.config.digest, IMAGE_JSON_MAX, &config,
				    err);
	if (r == 0)
		r = image_parse_config((struct span){ config.p, config.len }, &s->arena, &c, err);
	if (r < 0)
		return r;
	part->os = image_config_find(&c, "os");
	part->arch = image_config_find(&c, "arch");
	part->variant = image_config_find(&c, "variant");
	return 0;
}

static void blob_name(const char *digest, char ret[MEMBER_MAX])
{
	snprintf(ret, MEMBER_MAX, "blobs/sha256/%s", store_digest_hex(digest));
}

static void put_platform(const struct part *part, struct jsonw *j)
{
	if (!part->os || !part->arch)
		return;
	jsonw_key(j, "platform");
	jsonw_object(j);
	jsonw_kstr(j, "architecture", part->arch);
	jsonw_kstr(j, "os", part->os);
	if (part->variant)
		jsonw_kstr(j, "variant", part->variant);
	jsonw_object_end(j);
}

static int put_index(struct saver *s, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };

	jsonw_object(&j);
	jsonw_key(&j, "manifests");
	jsonw_array(&j);
	for (size_t i = 0; i < s->n; i++) {
		const struct part *part = &s->parts[i];
		const char *media = part->manifest.media_type;

		jsonw_object(&j);
		if (part->image->name) {
			jsonw_key(&j, "annotations");
			jsonw_object(&j);
			jsonw_kstr(&j, REF_NAME, part->image->name);
			jsonw_object_end(&j);
		}
		jsonw_kstr(&j, "digest", part->image->manifest);
		jsonw_kstr(&j, "mediaType", media ? media : OCI_MANIFEST);
		put_platform(part, &j);
		jsonw_ku64(&j, "size", part->manifest_size);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	jsonw_kstr(&j, "mediaType", OCI_INDEX);
	jsonw_ku64(&j, "schemaVersion", 2);
	jsonw_object_end(&j);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return put_bytes(s, "index.json", text.p, text.len, err);
}

static int put_oci_image(struct saver *s, const struct part *part, struct err *err)
{
	const struct image_manifest *m = &part->manifest;
	const struct image_descriptor itself = { .digest = part->image->manifest,
						 .size = part->manifest_size };
	char name[MEMBER_MAX];
	int r;

	blob_name(itself.digest, name);
	r = put_blob(s, name, &itself, err);
	if (r < 0)
		return r;
	blob_name(m->config.digest, name);
	r = put_blob(s, name, &m->config, err);
	for (size_t i = 0; r == 0 && i < m->n_layers; i++) {
		blob_name(m->layers[i].digest, name);
		r = put_blob(s, name, &m->layers[i], err);
	}
	return r;
}

static int put_oci(struct saver *s, struct err *err)
{
	int r = 0;

	if (s->format == SAVE_OCI_DIR &&
	    (mkdirat(s->out, "blobs", 0755) < 0 || mkdirat(s->out, "blobs/sha256", 0755) < 0))
		return cannot_write(-errno, err);
	r = put_bytes(s, "oci-layout", LAYOUT_FILE, strlen(LAYOUT_FILE), err);
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = put_oci_image(s, &s->parts[i], err);
	return r < 0 ? r : put_index(s, err);
}

static bool is_same_image(const struct part *a, const struct part *b)
{
	return strcmp(a->image->manifest, b->image->manifest) == 0;
}

/* An image once, with all its names. */
static void list_docker_image(const struct saver *s, size_t index, struct jsonw *j)
{
	const struct part *part = &s->parts[index];
	char name[MEMBER_MAX];

	for (size_t i = 0; i < index; i++) {
		if (is_same_image(&s->parts[i], part))
			return;
	}
	jsonw_object(j);
	snprintf(name, sizeof(name), "%s.json", store_digest_hex(part->manifest.config.digest));
	jsonw_kstr(j, "Config", name);
	jsonw_key(j, "RepoTags");
	jsonw_array(j);
	for (size_t i = index; i < s->n; i++) {
		if (is_same_image(&s->parts[i], part) && s->parts[i].image->name)
			jsonw_str(j, s->parts[i].image->name);
	}
	jsonw_array_end(j);
	jsonw_key(j, "Layers");
	jsonw_array(j);
	for (size_t i = 0; i < part->manifest.n_layers; i++) {
		snprintf(name, sizeof(name), "%s.tar",
			 store_digest_hex(part->manifest.layers[i].digest));
		jsonw_str(j, name);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static int put_docker_image(struct saver *s, const struct part *part, struct err *err)
{
	const struct image_manifest *m = &part->manifest;
	char name[MEMBER_MAX];
	int r;

	snprintf(name, sizeof(name), "%s.json", store_digest_hex(m->config.digest));
	r = put_blob(s, name, &m->config, err);
	for (size_t i = 0; r == 0 && i < m->n_layers; i++) {
		snprintf(name, sizeof(name), "%s.tar", store_digest_hex(m->layers[i].digest));
		r = put_blob(s, name, &m->layers[i], err);
	}
	return r;
}

static int put_docker(struct saver *s, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };
	int r = 0;

	jsonw_array(&j);
	for (size_t i = 0; i < s->n; i++)
		list_docker_image(s, i, &j);
	jsonw_array_end(&j);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = put_docker_image(s, &s->parts[i], err);
	return r < 0 ? r : put_bytes(s, "manifest.json", text.p, text.len, err);
}

int image_save(const struct store *store, const struct save_image *images, size_t n,
	       enum save_format format, int out, struct err *err)
{
	static const char end[TAR_END_BYTES];
	cleanup(saver_done) struct saver s = {
		.store = store, .format = format, .out = out, .n = n, .buffer = malloc(COPY_BYTES)
	};
	int r = 0;

	s.parts = arena_array(&s.arena, n + 1, sizeof(*s.parts));
	if (!s.parts || !s.buffer)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < n; i++) {
		s.parts[i].image = &images[i];
		r = read_part(&s, &s.parts[i], err);
	}
	if (r == 0)
		r = format == SAVE_DOCKER_ARCHIVE ? put_docker(&s, err) : put_oci(&s, err);
	if (r < 0 || format == SAVE_OCI_DIR)
		return r;
	r = fd_write_all(out, end, sizeof(end));
	return r < 0 ? cannot_write(r, err) : 0;
}
