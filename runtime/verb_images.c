/* SPDX-License-Identifier: Apache-2.0 */
/* images, tag, rmi: which images there are, and by what names. */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "runtime/store_clean.h"
#include "runtime/store_find.h"
#include "runtime/store_image.h"
#include "runtime/verb.h"

struct images_options {
	bool json, quiet;
};

#define ROW(field) offsetof(struct images_options, field)

static const struct opt images_opts[] = {
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print a JSON array", NULL },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "print digests only", NULL },
};

/* An image as it is listed: once for each name, or once without. */
struct listed {
	const char *name; /* as people type it, or NULL */
	const char *manifest;
	struct image_record record;
	uint64_t packed, unpacked;
};

static int read_listed(const struct store *store, struct arena *arena, struct listed *one,
		       struct err *err)
{
	int r = store_read_image(store, one->manifest, arena, &one->record, NULL, err);

	for (size_t i = 0; r == 0 && i < one->record.n_layers; i++) {
		one->packed += one->record.layers[i].size;
		one->unpacked += one->record.layers[i].bytes;
	}
	return r;
}

static const char *familiar(const char *canonical, struct arena *arena)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct image_ref ref = { 0 };
	struct err ignored = { 0 };

	if (image_ref_parse(span_of(canonical), &ref, &ignored) < 0)
		return canonical;
	image_ref_familiar(&ref, &text);
	return arena_strdup(arena, strbuf_str(&text));
}

static bool is_named(const struct image_name *names, int n, const char *manifest)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i].manifest, manifest) == 0)
			return true;
	}
	return false;
}

static int list_all(const struct store *store, struct arena *arena, struct listed **ret,
		    struct err *err)
{
	struct image_name *names = NULL;
	const char **digests = NULL;
	int n_names = image_names(store, arena, &names, err);
	int n_digests = n_names < 0 ? n_names : image_digests(store, arena, &digests, err);
	struct listed *all;
	int n = 0;
	int r = n_digests < 0 ? n_digests : 0;

	if (r < 0)
		return r;
	all = arena_array(arena, (size_t)n_names + (size_t)n_digests + 1, sizeof(*all));
	if (!all)
		return err_set(err, ENOMEM, "out of memory");
	for (int i = 0; names && i < n_names; i++)
		all[n++] = (struct listed){ .name = familiar(names[i].reference, arena),
					    .manifest = names[i].manifest };
	for (int i = 0; digests && i < n_digests; i++) {
		if (!is_named(names, n_names, digests[i]))
			all[n++] = (struct listed){ .manifest = digests[i] };
	}
	for (int i = 0; r == 0 && i < n; i++)
		r = read_listed(store, arena, &all[i], err);
	*ret = all;
	return r < 0 ? r : n;
}

static void print_json(const struct listed *all, int n)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };

	jsonw_array(&j);
	for (int i = 0; all && i < n; i++) {
		jsonw_object(&j);
		jsonw_kstr(&j, "arch", all[i].record.arch);
		jsonw_kstr(&j, "created", all[i].record.created);
		jsonw_kstr(&j, "digest", all[i].manifest);
		jsonw_ku64(&j, "layers", all[i].record.n_layers);
		jsonw_kstr(&j, "name", all[i].name);
		jsonw_ku64(&j, "packed_bytes", all[i].packed);
		jsonw_ku64(&j, "unpacked_bytes", all[i].unpacked);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	printf("%s\n", strbuf_str(&text));
}

static void print_table(const struct listed *all, int n)
{
	printf("%-44s %-12s %-10s %9s %9s\n", "NAME", "DIGEST", "CREATED", "PACKED", "UNPACKED");
	for (int i = 0; all && i < n; i++) {
		cleanup_strbuf struct strbuf created = { 0 };
		const char *when = all[i].record.created ? all[i].record.created : "-";

		strbuf_escaped(&created, when, strnlen(when, 10));
		printf("%-44s %.12s %-10s %6.1f MB %6.1f MB\n", all[i].name ? all[i].name : "-",
		       store_digest_hex(all[i].manifest), strbuf_str(&created),
		       (double)all[i].packed / 1e6, (double)all[i].unpacked / 1e6);
	}
}

static int run_images(const struct verb_call *call, struct err *err)
{
	const struct images_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	struct listed *all = NULL;
	int n = store_open(&store, err);

	if (n == 0)
		n = list_all(&store, call->arena, &all, err);
	if (n < 0)
		return n;
	if (o->json)
		print_json(all, n);
	else if (!o->quiet)
		print_table(all, n);
	for (int i = 0; all && o->quiet && !o->json && i < n; i++)
		printf("%s\n", all[i].manifest);
	return 0;
}

static int run_tag(const struct verb_call *call, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	char manifest[STORE_DIGEST_LEN];
	struct image_ref name = { 0 };
	int r = image_ref_parse(span_of(call->argv[1]), &name, err);

	if (r < 0)
		return err_at(err, ERR_USAGE);
	if (*name.digest) {
		err_set(err, EINVAL, "%.200s has a digest, which nobody can choose: give a tag",
			call->argv[1]);
		return err_at(err, ERR_USAGE);
	}
	r = store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r == 0)
		r = store_find_image(&store, call->argv[0], manifest, err);
	return r < 0 ? r : image_tag(&store, &name, manifest, err);
}

/* By digest: the image itself, which must have no name left. By name: the name. */
static int remove_one(const struct store *store, const char *text, struct arena *arena,
		      struct err *err)
{
	char manifest[STORE_DIGEST_LEN];
	struct image_name *names = NULL;
	struct image_ref name = { 0 };
	struct err ignored = { 0 };
	char file[DIGEST_HEX_LEN];
	int n;
	int r = store_find_image(store, text, manifest, err);

	if (r < 0)
		return r;
	n = image_names(store, arena, &names, err);
	if (n < 0)
		return n;
	r = image_ref_parse(span_of(text), &name, &ignored);
	if (r == 0 && !*name.digest && store_ref_file(&name, file, err) == 0) {
		cleanup_strbuf struct strbuf canonical = { 0 };

		image_ref_print(&name, &canonical);
		for (int i = 0; i < n; i++) {
			if (strcmp(names[i].reference, strbuf_str(&canonical)) != 0)
				continue;
			r = image_remove(store, &name, manifest, err);
			if (r >= 0)
				printf("%s %s\n", r == 1 ? "untagged" : "removed",
				       strbuf_str(&canonical));
			return r < 0 ? r : 0;
		}
	}
	if (is_named(names, n, manifest))
		return err_set(err, EBUSY, "%.80s has names: remove these", manifest);
	r = image_forget(store, manifest, err);
	if (r == 0)
		printf("removed %s\n", manifest);
	return r;
}

/* The space is given back at once, unless something is being added: then it is prune's. */
static int give_back(struct store *store, struct err *err)
{
	struct store_freed freed = { 0 };
	int r;

	closep(&store->lock);
	r = store_lock_exclusive(store, err);
	if (r == -EBUSY) {
		log_warning("the space is given back by immure image prune: the store is in use");
		*err = (struct err){ 0 };
		return 0;
	}
	return r < 0 ? r : store_collect(store, true, &freed, err);
}

static int run_rmi(const struct verb_call *call, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	int r = store_open(&store, err);

	if (r == 0)
		r = store_lock_shared(&store, err);
	for (int i = 0; r == 0 && i < call->argc; i++)
		r = remove_one(&store, call->argv[i], call->arena, err);
	return r < 0 ? r : give_back(&store, err);
}

const struct verb verb_images = {
	.name = "images",
	.args = "[--json|-q]",
	.help = "the images there are",
	.opts = images_opts,
	.n_opts = ARRAY_LEN(images_opts),
	.options_size = sizeof(struct images_options),
	.run = run_images,
};

const struct verb verb_tag = {
	.name = "tag",
	.args = "IMAGE NAME",
	.help = "give an image one more name",
	.min_args = 2,
	.max_args = 2,
	.run = run_tag,
};

const struct verb verb_rmi = {
	.name = "rmi",
	.args = "IMAGE...",
	.help = "take names of images away, and with the last one the image",
	.min_args = 1,
	.max_args = -1,
	.run = run_rmi,
};
