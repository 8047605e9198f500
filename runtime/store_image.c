/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store_image.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/image_json.h"
#include "runtime/image_parse.h"
#include "runtime/image_record.h"
#include "runtime/kept.h"
#include "runtime/store_find.h"
#include "runtime/store_layer.h"

#define SIGNATURES_MAX 64 /* noted of one image */

struct parts {
	const struct store *store;
	struct arena *arena;
	bool range;
	const struct image_texts *signed_by; /* or NULL */
	struct image_manifest manifest;
	struct image_config config;
};

static int read_json(const struct store *store, const char *digest, struct strbuf *text,
		     struct span *ret, struct err *err)
{
	int r = store_read_blob(store, digest, IMAGE_JSON_MAX, text, err);

	*ret = (struct span){ strbuf_str(text), text->len };
	return r;
}

static int read_parts(struct parts *parts, const char *manifest, struct err *err)
{
	cleanup_strbuf struct strbuf first = { 0 };
	cleanup_strbuf struct strbuf second = { 0 };
	struct span json = { 0 };
	int r = read_json(parts->store, manifest, &first, &json, err);

	if (r == 0)
		r = image_parse_manifest(json, parts->arena, &parts->manifest, err);
	if (r < 0)
		return err_wrap(err, "manifest");
	r = read_json(parts->store, parts->manifest.config.digest, &second, &json, err);
	if (r == 0 && second.len != parts->manifest.config.size)
		r = err_set(err, EBADMSG, "its size is not what the manifest says");
	if (r == 0)
		r = image_parse_config(json, parts->arena, &parts->config, err);
	return r < 0 ? err_wrap(err, "configuration") : 0;
}

/* Of an unpacked layer's own record: without whiteouts it can be the whole root of an image. */
struct layer_facts {
	uint64_t marks, bytes;
};

static int read_facts(const struct parts *parts, const char *diff_id, struct layer_facts *ret,
		      struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct flat_pair pair = { 0 };
	struct span rest;
	uint64_t n = 0;
	int r = layer_record(parts->store, diff_id, parts->range, &text, err);

	rest = (struct span){ strbuf_str(&text), text.len };
	while (r >= 0 && (r = flat_next(&rest, &arena, &pair, err)) > 0) {
		bool marks = span_eq(pair.key, "whiteouts") || span_eq(pair.key, "opaques");

		if (!marks && !span_eq(pair.key, "file-bytes"))
			continue;
		r = flat_u64(&pair, &n, err);
		*(marks ? &ret->marks : &ret->bytes) += n;
	}
	return r;
}

static int put_layer(const struct parts *parts, size_t i, struct strbuf *out, struct err *err)
{
	const struct image_descriptor *layer = &parts->manifest.layers[i];
	const char *diff_id = parts->config.diff_ids[i];
	struct layer_facts facts = { 0 };
	int r;

	if (!store_has_blob(parts->store, layer->digest))
		return err_set(err, ENOENT, "layer %s is not in the store", layer->digest);
	if (!layer_is_there(parts->store, diff_id, parts->range))
		return err_set(err, ENOENT, "layer %s is not unpacked", diff_id);
	r = read_facts(parts, diff_id, &facts, err);
	if (r < 0)
		return r;
	flat_puts(out, "layer", diff_id);
	flat_puts(out, "blob", layer->digest);
	flat_putu(out, "size", layer->size);
	flat_putu(out, "marks", facts.marks);
	flat_putu(out, "bytes", facts.bytes);
	return 0;
}

static bool has_text(const struct image_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->items[i], text) == 0)
			return true;
	}
	return false;
}

/* Those of now, then those of an earlier record: what was true of these bytes stays true. */
static void put_signatures(const struct parts *parts, const char *manifest, struct strbuf *out)
{
	static const struct image_texts none = { 0 };
	const struct image_texts *now = parts->signed_by ? parts->signed_by : &none;
	struct image_record before = { 0 };
	struct err ignored = { 0 };
	size_t n = 0;

	for (; n < now->n && n < SIGNATURES_MAX; n++)
		flat_puts(out, "signed", now->items[n]);
	if (store_read_image(parts->store, manifest, parts->arena, &before, NULL, &ignored) < 0)
		return;
	for (size_t i = 0; i < before.signed_by.n && n < SIGNATURES_MAX; i++) {
		if (has_text(now, before.signed_by.items[i]))
			continue;
		flat_puts(out, "signed", before.signed_by.items[i]);
		n++;
	}
}

static int put_record(const struct parts *parts, const char *manifest, struct strbuf *out,
		      struct err *err)
{
	const struct image_config *config = &parts->config;
	int r = 0;

	if (config->n_diff_ids != parts->manifest.n_layers)
		return err_set(err, EBADMSG, "%zu layers, but %zu diffIDs",
			       parts->manifest.n_layers, config->n_diff_ids);
	if (config->n_diff_ids == 0)
		return err_set(err, EBADMSG, "an image without layers cannot be run");
	flat_putu(out, "immure", 1);
	flat_puts(out, "manifest", manifest);
	flat_puts(out, "config", parts->manifest.config.digest);
	if (parts->manifest.media_type)
		flat_puts(out, "media", parts->manifest.media_type);
	put_signatures(parts, manifest, out);
	for (size_t i = 0; r == 0 && i < config->n_diff_ids; i++)
		r = put_layer(parts, i, out, err);
	for (size_t i = 0; r == 0 && i < config->n; i++) {
		/* Who signed it is not for the parser of its configuration to say. */
		if (strcmp(config->pairs[i].key, "ok") != 0 &&
		    strcmp(config->pairs[i].key, "signed") != 0 &&
		    strcmp(config->pairs[i].key, "diff-id") != 0)
			flat_puts(out, config->pairs[i].key, config->pairs[i].value);
	}
	return r;
}

int image_add_signed(const struct store *store, const char *manifest,
		     const struct image_ref *reference, bool range,
		     const struct image_texts *signed_by, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf record = { 0 };
	struct parts parts = {
		.store = store, .arena = &arena, .range = range, .signed_by = signed_by
	};
	const char *hex = store_digest_hex(manifest);
	int r;

	if (!hex)
		return err_set(err, EINVAL, "%.90s is no digest", manifest);
	r = read_parts(&parts, manifest, err);
	if (r == 0)
		r = put_record(&parts, manifest, &record, err);
	if (r < 0)
		return r;
	if (record.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = fd_replace_file(store->images, hex, record.p, record.len, true, err);
	if (r < 0 || !reference)
		return r;
	return image_tag(store, reference, manifest, err);
}

int image_add(const struct store *store, const char *manifest, const struct image_ref *reference,
	      bool range, struct err *err)
{
	return image_add_signed(store, manifest, reference, range, NULL, err);
}

int image_tag(const struct store *store, const struct image_ref *reference, const char *manifest,
	      struct err *err)
{
	cleanup_strbuf struct strbuf lines = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	char file[DIGEST_HEX_LEN];
	int r = store_ref_file(reference, file, err);

	if (r < 0)
		return r;
	image_ref_print(reference, &text);
	flat_puts(&lines, "ref", strbuf_str(&text));
	flat_puts(&lines, "manifest", manifest);
	if (lines.failed || text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return fd_replace_file(store->refs, file, lines.p, lines.len, true, err);
}

int image_untag(const struct store *store, const struct image_ref *reference, struct err *err)
{
	char file[DIGEST_HEX_LEN];
	int r = store_ref_file(reference, file, err);

	if (r < 0)
		return r;
	if (unlinkat(store->refs, file, 0) < 0)
		return err_sys(err, errno, "cannot remove a name");
	return fsync(store->refs) < 0 ? err_sys(err, errno, "cannot write the store's folder") : 0;
}

/* The names in a folder of the store that are 64 digits. Returns how many. */
static int list_hex(int folder, struct arena *arena, const char ***ret, struct err *err)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	const char **names = NULL;
	size_t cap = 0;
	size_t n = 0;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list a folder of the store");
	}
	while ((entry = readdir(dir)) != NULL) {
		const char **grown;

		if (strlen(entry->d_name) != DIGEST_HEX_LEN - 1 ||
		    strspn(entry->d_name, "0123456789abcdef") != DIGEST_HEX_LEN - 1)
			continue;
		grown = arena_grow(arena, names, &cap, n + 1, sizeof(*grown));
		if (!grown)
			return err_set(err, ENOMEM, "out of memory");
		names = grown;
		names[n] = arena_strdup(arena, entry->d_name);
		if (!names[n++])
			return err_set(err, ENOMEM, "out of memory");
	}
	*ret = names;
	return (int)n;
}

static int read_name(const struct store *store, const char *file, struct arena *arena,
		     struct image_name *ret, struct err *err)
{
	cleanup_strbuf struct strbuf lines = { 0 };
	struct flat_pair pair = { 0 };
	struct span rest;
	int r = fd_read_file(store->refs, file, 4096, &lines, err);

	rest = (struct span){ strbuf_str(&lines), lines.len };
	while (r >= 0 && (r = flat_next(&rest, arena, &pair, err)) > 0) {
		if (span_eq(pair.key, "ref"))
			ret->reference = pair.value;
		else if (span_eq(pair.key, "manifest") && store_digest_hex(pair.value))
			ret->manifest = pair.value;
	}
	if (r == 0 && (!ret->reference || !ret->manifest))
		return err_set(err, EBADMSG, "a name of the store is damaged: refs/%s", file);
	return r;
}

static int by_text(const void *a, const void *b)
{
	const struct image_name *one = a;
	const struct image_name *two = b;

	return strcmp(one->reference, two->reference);
}

int image_names(const struct store *store, struct arena *arena, struct image_name **ret,
		struct err *err)
{
	const char **files = NULL;
	int n = list_hex(store->refs, arena, &files, err);
	struct image_name *names;
	int kept = 0;

	if (n < 0)
		return n;
	names = arena_array(arena, (size_t)n + 1, sizeof(*names));
	if (!names)
		return err_set(err, ENOMEM, "out of memory");
	for (int i = 0; files && i < n; i++) {
		int r = read_name(store, files[i], arena, &names[kept], err);

		if (r == -ENOENT) /* removed meanwhile */
			continue;
		if (r < 0)
			return r;
		kept++;
	}
	qsort(names, (size_t)kept, sizeof(*names), by_text);
	*ret = names;
	return kept;
}

int image_digests(const struct store *store, struct arena *arena, const char ***ret,
		  struct err *err)
{
	int n = list_hex(store->images, arena, ret, err);

	for (int i = 0; i < n; i++) {
		(*ret)[i] = arena_printf(arena, "sha256:%s", (*ret)[i]);
		if (!(*ret)[i])
			return err_set(err, ENOMEM, "out of memory");
	}
	return n;
}

/* The record, locked so that no run begins with it. */
static int lock_image(const struct store *store, const char *manifest, int *ret_fd, struct err *err)
{
	const char *hex = store_digest_hex(manifest);
	cleanup_close int fd = -1;
	char id[RUN_ID_LEN];
	int kept;

	if (!hex)
		return err_set(err, EINVAL, "%.90s is no digest", manifest);
	fd = openat(store->images, hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the record of the image %s", manifest);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, EBUSY, "the image %s is in use by a run", manifest);
	/* A run that keeps its layer has made it by the time it lets go of the image. */
	kept = kept_on_image(store, manifest, id, err);
	if (kept != 0)
		return kept < 0
			       ? kept
			       : err_set(err, EBUSY,
					 "the kept layer of run %s lies on the image %s: immure rm %s",
					 id, manifest, id);
	*ret_fd = steal_fd(fd);
	return 0;
}

static int unlink_image(const struct store *store, const char *manifest, struct err *err)
{
	if (unlinkat(store->images, store_digest_hex(manifest), 0) < 0)
		return err_sys(err, errno, "cannot remove the record of the image %s", manifest);
	return fsync(store->images) < 0 ? err_sys(err, errno, "cannot write the store's folder")
					: 0;
}

int image_forget(const struct store *store, const char *manifest, struct err *err)
{
	cleanup_close int lock = -1;
	int r = lock_image(store, manifest, &lock, err);

	return r < 0 ? r : unlink_image(store, manifest, err);
}

/* First the name, then what it meant: between the two there is an image without a name. */
int image_remove(const struct store *store, const struct image_ref *reference, const char *manifest,
		 struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_close int lock = -1;
	struct image_name *names = NULL;
	int n = image_names(store, &arena, &names, err);
	int left = 0;
	int r;

	if (n < 0)
		return n;
	for (int i = 0; names && i < n; i++)
		left += strcmp(names[i].manifest, manifest) == 0;
	if (left > 1) {
		r = image_untag(store, reference, err);
		return r < 0 ? r : 1;
	}
	r = lock_image(store, manifest, &lock, err);
	if (r == 0)
		r = image_untag(store, reference, err);
	return r < 0 ? r : unlink_image(store, manifest, err);
}
