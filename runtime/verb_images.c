/* SPDX-License-Identifier: Apache-2.0 */
/* images, tag, rmi: which images there are, and by what names. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "runtime/format.h"
#include "runtime/store_clean.h"
#include "runtime/store_find.h"
#include "runtime/store_image.h"
#include "runtime/verb.h"

struct images_options {
	bool json, quiet, whole;
	const char *format;
	struct opt_list filters;
};

#define ROW(field) offsetof(struct images_options, field)

static const struct opt images_opts[] = {
	{ "filter", 'f', OPT_LIST, ROW(filters), "KEY=VALUE",
	  "only these: reference=PATTERN, label=KEY[=VALUE], dangling=true or false", NULL },
	{ "format", 0, OPT_TEXT, ROW(format), "TEXT",
	  "a line each: {{.Repository}} {{.Tag}} {{.Name}} {{.ID}} {{.Digest}} {{.CreatedAt}} {{.Size}}; or json",
	  NULL },
	{ "no-trunc", 0, OPT_FLAG, ROW(whole), NULL, "whole digests", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print a JSON array", NULL },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "print digests only", NULL },
};

/* An image as it is listed: once for each name, or once without. */
struct listed {
	const char *name; /* as people type it, or NULL */
	const char *canonical;
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
					    .canonical = names[i].reference,
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

/* The part of a name before its tag. */
static struct span repository(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *colon = strrchr(slash ? slash : name, ':');

	return (struct span){ name, colon ? (size_t)(colon - name) : strlen(name) };
}

/* A name, with its tag or without, short or in full; * ? [] stand for others as in the shell. */
static bool fits_reference(const struct listed *one, const char *pattern)
{
	const char *const names[] = { one->name, one->canonical };

	for (size_t i = 0; one->name && i < ARRAY_LEN(names); i++) {
		struct span part = repository(names[i]);
		char text[IMAGE_NAME_MAX + 2];

		snprintf(text, sizeof(text), "%.*s", (int)part.n, part.p);
		if (fnmatch(pattern, names[i], 0) == 0 || fnmatch(pattern, text, 0) == 0)
			return true;
	}
	return false;
}

static bool fits_label(const struct listed *one, const char *wanted)
{
	const struct image_texts *labels = &one->record.labels;

	for (size_t i = 0; i < labels->n; i++) {
		if (text_label_fits(labels->items[i], wanted))
			return true;
	}
	return false;
}

static bool fits_dangling(const struct listed *one, const char *wanted)
{
	return (strcmp(wanted, "true") == 0) == !one->name;
}

static const struct {
	const char *prefix;
	bool (*fits)(const struct listed *one, const char *wanted);
} filter_kinds[] = {
	{ "reference=", fits_reference },
	{ "label=", fits_label },
	{ "dangling=", fits_dangling },
};

static int check_filters(const struct opt_list *filters, struct err *err)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *filter = filters->items[i];
		const char *value = strchr(filter, '=');
		bool known = false;

		for (size_t k = 0; k < ARRAY_LEN(filter_kinds); k++)
			known = known || span_starts(span_of(filter), filter_kinds[k].prefix);
		if (span_starts(span_of(filter), "dangling="))
			known = strcmp(value + 1, "true") == 0 || strcmp(value + 1, "false") == 0;
		if (known)
			continue;
		err_set(err, EINVAL,
			"--filter %.60s: expected reference=PATTERN, label=KEY[=VALUE], "
			"dangling=true or dangling=false",
			filter);
		return err_at(err, ERR_USAGE);
	}
	return 0;
}

/* Of each kind that is asked for one must fit; of the names on the command line, too. */
static bool is_wanted(const struct listed *one, const struct verb_call *call)
{
	const struct images_options *o = call->options;
	bool fits = call->argc == 0;

	for (int i = 0; i < call->argc; i++)
		fits = fits || fits_reference(one, call->argv[i]);
	for (size_t k = 0; fits && k < ARRAY_LEN(filter_kinds); k++) {
		bool asked = false;
		bool found = false;

		for (size_t i = 0; i < o->filters.n; i++) {
			const char *filter = o->filters.items[i];

			if (!span_starts(span_of(filter), filter_kinds[k].prefix))
				continue;
			asked = true;
			found = found ||
				filter_kinds[k].fits(one, filter + strlen(filter_kinds[k].prefix));
		}
		fits = !asked || found;
	}
	return fits;
}

/* one NULL: check the template alone. */
static int print_format(const struct listed *one, const char *template, struct err *err)
{
	static const struct listed none = { .manifest = "", .record = { .created = "" } };
	const struct listed *l = one ? one : &none;
	const char *hex = store_digest_hex(l->manifest);
	struct span part = l->name ? repository(l->name) : (struct span){ "<none>", 6 };
	cleanup_strbuf struct strbuf escaped = { 0 };
	cleanup_strbuf struct strbuf line = { 0 };
	char where[IMAGE_NAME_MAX + 2];
	char created[4 * 40 + 1];
	char id[13];
	char size[32];
	const struct format_field fields[] = {
		{ "Repository", where },
		{ "Tag", l->name && l->name[part.n] ? l->name + part.n + 1 : "<none>" },
		{ "Name", l->name ? l->name : "<none>" },
		{ "ID", id },
		{ "Digest", l->manifest },
		{ "CreatedAt", created },
		{ "Size", size },
	};
	int r;

	if (l->record.created)
		strbuf_escaped(&escaped, l->record.created, strnlen(l->record.created, 40));
	snprintf(created, sizeof(created), "%s", strbuf_str(&escaped));
	snprintf(where, sizeof(where), "%.*s", (int)part.n, part.p);
	snprintf(id, sizeof(id), "%.12s", hex ? hex : "");
	snprintf(size, sizeof(size), "%.1f MB", (double)l->unpacked / 1e6);
	r = format_put(template, fields, ARRAY_LEN(fields), &line, err);
	if (r == 0 && one)
		fputs(strbuf_str(&line), stdout);
	return r;
}

static void print_table(const struct listed *all, int n, bool whole)
{
	int digits = whole ? DIGEST_HEX_LEN - 1 : 12;

	printf("%-44s %-*s %-10s %9s %9s\n", "NAME", digits, "DIGEST", "CREATED", "PACKED",
	       "UNPACKED");
	for (int i = 0; all && i < n; i++) {
		cleanup_strbuf struct strbuf created = { 0 };
		const char *when = all[i].record.created ? all[i].record.created : "-";

		strbuf_escaped(&created, when, strnlen(when, 10));
		printf("%-44s %.*s %-10s %6.1f MB %6.1f MB\n", all[i].name ? all[i].name : "-",
		       digits, store_digest_hex(all[i].manifest), strbuf_str(&created),
		       (double)all[i].packed / 1e6, (double)all[i].unpacked / 1e6);
	}
}

static int run_images(const struct verb_call *call, struct err *err)
{
	const struct images_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	bool json = o->json || (o->format && strcmp(o->format, "json") == 0);
	struct listed *all = NULL;
	int found;
	int n = 0;
	int r = check_filters(&o->filters, err);

	if (r == 0 && o->format && !json)
		r = print_format(NULL, o->format, err);
	if (r == 0)
		r = store_open(&store, err);
	found = r < 0 ? r : list_all(&store, call->arena, &all, err);
	if (found < 0)
		return found;
	for (int i = 0; all && i < found; i++) {
		if (is_wanted(&all[i], call))
			all[n++] = all[i];
	}
	if (json)
		print_json(all, n);
	else if (!o->quiet && !o->format)
		print_table(all, n, o->whole);
	for (int i = 0; all && o->quiet && !json && i < n; i++)
		printf("%s\n", all[i].manifest);
	for (int i = 0; r == 0 && all && o->format && !o->quiet && !json && i < n; i++)
		r = print_format(&all[i], o->format, err);
	return r;
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
	struct err one = { 0 };
	int r = store_open(&store, err);

	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r < 0)
		return r;
	/* One that cannot be removed keeps none of the others: the first fault is told at the end.
	 */
	for (int i = 0; i < call->argc; i++) {
		if (remove_one(&store, call->argv[i], call->arena, &one) < 0 && r == 0) {
			*err = one;
			r = err_wrap(err, "%.100s", call->argv[i]);
		}
		one = (struct err){ 0 };
	}
	if (give_back(&store, &one) < 0 && r == 0) {
		*err = one;
		r = -err->code;
	}
	return r;
}

const struct verb verb_images = {
	.name = "images",
	.args = "[OPTION...] [NAME...]",
	.help = "the images there are; those with a name, in which * stands for anything",
	.opts = images_opts,
	.n_opts = ARRAY_LEN(images_opts),
	.options_size = sizeof(struct images_options),
	.max_args = -1,
	.run = run_images,
};

const struct verb verb_image_ls = {
	.name = "ls",
	.args = "[OPTION...] [NAME...]",
	.help = "as immure images",
	.opts = images_opts,
	.n_opts = ARRAY_LEN(images_opts),
	.options_size = sizeof(struct images_options),
	.max_args = -1,
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

const struct verb verb_image_rm = {
	.name = "rm",
	.args = "IMAGE...",
	.help = "as immure rmi",
	.min_args = 1,
	.max_args = -1,
	.run = run_rmi,
};
