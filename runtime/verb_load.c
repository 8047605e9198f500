/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "runtime/image_load.h"
#include "runtime/image_platform.h"
#include "runtime/load_judge.h"
#include "runtime/registry_verb.h"
#include "runtime/verb.h"

#define ARCHIVE_BYTES_DEFAULT ((uint64_t)64 << 30)

struct load_options {
	const char *tag, *ids, *max_bytes, *max_entries;
	bool quiet, json;
};

#define ROW(field) offsetof(struct load_options, field)

static const struct opt opts[] = {
	/* clang-format off */
	{ "tag",         't', OPT_TEXT, ROW(tag),         "NAME", "call the image NAME, whatever its file says", NULL },
	{ "ids",         0,   OPT_TEXT, ROW(ids),         "one|range", "who owns the files: you alone (the default), or your subordinate ids too", "one range" },
	{ "max-bytes",   0,   OPT_TEXT, ROW(max_bytes),   "SIZE", "refuse a layer that unpacks to more (32GiB)", NULL },
	{ "max-entries", 0,   OPT_TEXT, ROW(max_entries), "N", "refuse a layer with more files and folders (1000000)", NULL },
	{ "quiet",       'q', OPT_FLAG, ROW(quiet),       NULL, "no progress on standard error", NULL },
	{ "json",        0,   OPT_FLAG, ROW(json),        NULL, "progress and result as JSON lines", NULL },
	/* clang-format on */
};

static int read_options(const struct load_options *o, struct image_ref *name,
			struct load_request *request, struct err *err)
{
	int r = 0;

	if (o->ids && strcmp(o->ids, "range") != 0 && strcmp(o->ids, "one") != 0)
		r = err_set(err, EINVAL, "--ids %s: expected one or range", o->ids);
	else if (o->max_bytes &&
		 span_bytes(span_of(o->max_bytes), UINT64_MAX >> 8, &request->max_bytes) < 0)
		r = err_set(err, EINVAL, "--max-bytes %s: expected such as 4GiB", o->max_bytes);
	else if (o->max_entries &&
		 span_u64(span_of(o->max_entries), UINT32_MAX, &request->max_entries) < 0)
		r = err_set(err, EINVAL, "--max-entries %s: expected a number", o->max_entries);
	else if (o->tag)
		r = image_ref_parse(span_of(o->tag), name, err);
	if (r < 0)
		return err_at(err, ERR_USAGE);
	request->range = image_ids_are_range(o->ids);
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
