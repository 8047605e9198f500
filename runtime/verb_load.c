/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "runtime/image_load.h"
#include "runtime/image_platform.h"
#include "runtime/layer_options.h"
#include "runtime/load_judge.h"
#include "runtime/registry_verb.h"
#include "runtime/verb.h"

#define ARCHIVE_BYTES_DEFAULT ((uint64_t)64 << 30)

struct load_options {
	const char *tag;
	struct layer_texts layer;
	bool quiet, json;
};

#define ROW(field) offsetof(struct load_options, field)

static const struct opt opts[] = {
	/* clang-format off */
	{ "tag",         't', OPT_TEXT, ROW(tag),         "NAME", "call the image NAME, whatever its file says", NULL },
	LAYER_OPT_IDS(ROW(layer.ids)),
	LAYER_OPT_MAX_BYTES(ROW(layer.max_bytes)),
	LAYER_OPT_MAX_ENTRIES(ROW(layer.max_entries)),
	{ "quiet",       'q', OPT_FLAG, ROW(quiet),       NULL, "no progress on standard error", NULL },
	{ "json",        0,   OPT_FLAG, ROW(json),        NULL, "progress and result as JSON lines", NULL },
	/* clang-format on */
};

static int read_options(const struct load_options *o, struct image_ref *name,
			struct load_request *request, struct err *err)
{
	struct layer_settings settings = { 0 };
	int r = layer_texts_parse(&o->layer, &settings, err);

	if (r == 0 && o->tag)
		r = image_ref_parse(span_of(o->tag), name, err);
	if (r < 0)
		return err_at(err, ERR_USAGE);
	request->range = settings.range;
	request->max_bytes = settings.max_bytes;
	request->max_entries = settings.max_entries;
	request->name = o->tag ? name : NULL;
	return 0;
}

static void print_loaded(const struct load_options *o, const struct loaded *one)
{
	if (o->json)
		printf("{\"digest\":\"%s\",\"name\":%s%s%s}\n", one->manifest,
		       one->reference ? "\"" : "", one->reference ? one->reference : "null",
		       one->reference ? "\"" : "");
	else if (one->reference)
		printf("%s %s\n", one->reference, one->manifest);
	else
		printf("%s\n", one->manifest);
}

static int load_from(const struct store *store, const char *path, struct load_request *request,
		     const struct verb_call *call, struct err *err)
{
	struct layout layout = LAYOUT_NONE;
	struct loaded *loaded = NULL;
	size_t n = 0;
	int r = layout_open(store, path,
			    request->max_bytes ? request->max_bytes : ARCHIVE_BYTES_DEFAULT,
			    call->arena, &layout, err);

	if (r == 0)
		r = image_load(store, &layout, request, call->arena, &loaded, &n, err);
	layout_close(store, &layout);
	for (size_t i = 0; r == 0 && i < n; i++)
		print_loaded(call->options, &loaded[i]);
	return r < 0 ? err_wrap(err, "%.100s", path) : 0;
}

static int run_load(const struct verb_call *call, struct err *err)
{
	const struct load_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	struct progress progress;
	struct image_ref name = { 0 };
	struct signature_policies policies = { 0 };
	struct load_request request = { .os = image_os(),
					.arch = image_arch(),
					.progress = &progress,
					.judge = load_judge,
					.policies = &policies,
					.arena = call->arena };
	int r = read_options(o, &name, &request, err);

	if (r == 0)
		r = registry_verb_policies(call->arena, &policies, err);
	if (r != 0)
		return r;
	progress_init(&progress, o->quiet, o->json);
	r = store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	for (int i = 0; r == 0 && i < call->argc; i++)
		r = load_from(&store, call->argv[i], &request, call, err);
	return r;
}

const struct verb verb_load = {
	.name = "load",
	.args = "[OPTION...] FOLDER|FILE|-",
	.help = "bring images in from a folder or an archive (OCI layout, docker save)",
	.more = "Prints the name and the digest of each image on standard output.\n"
		"\n"
		"  immure load ./layout                   a folder with an OCI layout\n"
		"  podman save debian | immure load -     an archive, compressed or not\n",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.options_size = sizeof(struct load_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_load,
};
