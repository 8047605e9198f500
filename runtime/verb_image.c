/* SPDX-License-Identifier: Apache-2.0 */
/* image inspect, history, prune, check: what is known of an image, and whether it is whole. */
#include <stdio.h>
#include <string.h>

#include "base/flat.h"
#include "base/jsonw.h"
#include "runtime/image_json.h"
#include "runtime/image_parse.h"
#include "runtime/kept_list.h"
#include "runtime/store_check.h"
#include "runtime/store_clean.h"
#include "runtime/store_find.h"
#include "runtime/store_image.h"
#include "runtime/store_layer.h"
#include "runtime/verb_image.h"

struct image_options {
	bool all, kept, json, repair;
};

#define ROW(field) offsetof(struct image_options, field)

static const struct opt prune_opts[] = {
	{ "all", 'a', OPT_FLAG, ROW(all), NULL, "images without a name, too", NULL },
	{ "kept", 0, OPT_FLAG, ROW(kept), NULL,
	  "what runs with --keep have left, too, unless they go on", NULL },
};

static const struct opt check_opts[] = {
	{ "repair", 0, OPT_FLAG, ROW(repair), NULL, "unpack damaged layers again from what came in",
	  NULL },
};

static void json_texts(struct jsonw *j, const char *key, const struct image_texts *list)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < list->n; i++)
		jsonw_str(j, list->items[i]);
	jsonw_array_end(j);
}

/* What was left out of the layers, as immure-unpack noted it. */
static void json_stripped(const struct store *store, const struct image_record *record,
			  struct arena *arena, struct jsonw *j)
{
	static const char *const kinds[] = { "capability", "device", "set-id" };

	jsonw_key(j, "stripped");
	jsonw_array(j);
	for (size_t i = 0; i < record->n_layers; i++) {
		cleanup_strbuf struct strbuf text = { 0 };
		const char *diff_id = record->layers[i].diff_id;
		bool range = !layer_is_there(store, diff_id, false);
		struct flat_pair pair = { 0 };
		struct err ignored = { 0 };
		struct span rest;

		if (layer_record(store, diff_id, range, &text, &ignored) < 0)
			continue;
		rest = (struct span){ strbuf_str(&text), text.len };
		while (flat_next(&rest, arena, &pair, &ignored) > 0) {
			for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
				if (!span_eq(pair.key, kinds[k]))
					continue;
				jsonw_object(j);
				jsonw_kstr(j, "path", pair.value);
				jsonw_kstr(j, "what", kinds[k]);
				jsonw_object_end(j);
			}
		}
	}
	jsonw_array_end(j);
}

static void json_layers(const struct image_record *record, struct jsonw *j)
{
	jsonw_key(j, "layers");
	jsonw_array(j);
	for (size_t i = 0; i < record->n_layers; i++) {
		jsonw_object(j);
		jsonw_kstr(j, "blob", record->layers[i].blob);
		jsonw_kstr(j, "diff_id", record->layers[i].diff_id);
		jsonw_ku64(j, "packed_bytes", record->layers[i].size);
		jsonw_ku64(j, "unpacked_bytes", record->layers[i].bytes);
		jsonw_ku64(j, "whiteouts", record->layers[i].marks);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static int json_names(const struct store *store, const char *manifest, struct arena *arena,
		      struct jsonw *j, struct err *err)
{
	struct image_name *names = NULL;
	int n = image_names(store, arena, &names, err);

	jsonw_key(j, "names");
	jsonw_array(j);
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i].manifest, manifest) == 0)
			jsonw_str(j, names[i].reference);
	}
	jsonw_array_end(j);
	return n < 0 ? n : 0;
}

static int inspect_one(const struct store *store, const char *name, struct arena *arena,
		       struct jsonw *j, struct err *err)
{
	struct image_record record = { 0 };
	char manifest[STORE_DIGEST_LEN];
	int r = store_find_image(store, name, manifest, err);

	if (r == 0)
		r = store_read_image(store, manifest, arena, &record, NULL, err);
	if (r < 0)
		return r;
	jsonw_object(j);
	jsonw_kstr(j, "arch", record.arch);
	json_texts(j, "cmd", &record.cmd);
	jsonw_kstr(j, "config", record.config);
	jsonw_kstr(j, "created", record.created);
	jsonw_kstr(j, "digest", record.manifest);
	json_texts(j, "entrypoint", &record.entrypoint);
	json_texts(j, "env", &record.env);
	json_texts(j, "labels", &record.labels);
	json_layers(&record, j);
	r = json_names(store, manifest, arena, j, err);
	jsonw_kstr(j, "os", record.os);
	json_texts(j, "ports", &record.ports);
	json_texts(j, "signed_by", &record.signed_by);
	jsonw_kstr(j, "stop_signal", record.stop_signal);
	json_stripped(store, &record, arena, j);
	jsonw_kstr(j, "user", record.user);
	json_texts(j, "volumes", &record.volumes);
	jsonw_kstr(j, "workdir", record.workdir);
	jsonw_object_end(j);
	return r;
}

static int run_inspect(const struct verb_call *call, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };
	int r = store_open(&store, err);

	jsonw_array(&j);
	for (int i = 0; r == 0 && i < call->argc; i++)
		r = inspect_one(&store, call->argv[i], call->arena, &j, err);
	jsonw_array_end(&j);
	if (r < 0)
		return r;
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	printf("%s\n", strbuf_str(&text));
	return 0;
}

static void print_step(const char *created, bool empty, const char *command)
{
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_escaped(&text, created, strnlen(created, 19));
	strbuf_puts(&text, empty ? "  no layer  " : "  layer     ");
	strbuf_escaped(&text, command, strlen(command));
	printf("%s\n", strbuf_str(&text));
}

/* A step has its command first, then what else is known of it. */
static void print_history(const struct image_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *created = "-";
		bool empty = false;

		if (strcmp(pairs[i].key, "history") != 0)
			continue;
		for (size_t k = i + 1; k < n && strcmp(pairs[k].key, "history") != 0; k++) {
			if (strcmp(pairs[k].key, "created") == 0)
				created = pairs[k].value;
			empty = empty || strcmp(pairs[k].key, "empty") == 0;
		}
		print_step(created, empty, pairs[i].value);
	}
}

static int run_history(const struct verb_call *call, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_strbuf struct strbuf json = { 0 };
	struct image_record record = { 0 };
	struct image_config config = { 0 };
	char manifest[STORE_DIGEST_LEN];
	int r = store_open(&store, err);

	if (r == 0)
		r = store_find_image(&store, call->argv[0], manifest, err);
	if (r == 0)
		r = store_read_image(&store, manifest, call->arena, &record, NULL, err);
	if (r == 0)
		r = store_read_blob(&store, record.config, IMAGE_JSON_MAX, &json, err);
	if (r == 0)
		r = image_parse_config((struct span){ strbuf_str(&json), json.len }, call->arena,
				       &config, err);
	if (r == 0)
		print_history(config.pairs, config.n);
	return r;
}

static int forget_unnamed(const struct store *store, struct arena *arena, struct err *err)
{
	struct image_name *names = NULL;
	const char **digests = NULL;
	int n_names = image_names(store, arena, &names, err);
	int n = n_names < 0 ? n_names : image_digests(store, arena, &digests, err);

	for (int i = 0; i < n; i++) {
		bool named = false;
		int r;

		for (int k = 0; k < n_names; k++)
			named = named || strcmp(names[k].manifest, digests[i]) == 0;
		if (named)
			continue;
		r = image_forget(store, digests[i], err);
		if (r == -EBUSY)
			*err = (struct err){ 0 };
		else if (r < 0)
			return r;
	}
	return n < 0 ? n : 0;
}

static int run_prune(const struct verb_call *call, struct err *err)
{
	const struct image_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	struct store_freed freed = { 0 };
	int n_kept = 0;
	int r = store_open(&store, err);

	if (r == 0)
		r = store_lock_exclusive(&store, err);
	if (r == 0 && o->kept)
		n_kept = kept_remove_all(&store, err);
	if (n_kept < 0)
		r = n_kept;
	if (r == 0 && o->all)
		r = forget_unnamed(&store, call->arena, err);
	if (r == 0)
		r = store_collect(&store, false, &freed, err);
	if (r == 0 && o->kept)
		printf("removed %d kept layers of runs\n", n_kept);
	if (r == 0)
		printf("removed %u blobs, %u layers, %u unfinished: %.1f MB\n", freed.blobs,
		       freed.layers, freed.others, (double)freed.bytes / 1e6);
	return r;
}

static int run_check(const struct verb_call *call, struct err *err)
{
	const struct image_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	struct store_faults faults = { .arena = call->arena };
	int r = store_open(&store, err);

	if (r == 0)
		r = o->repair ? store_lock_exclusive(&store, err) : store_lock_shared(&store, err);
	if (r == 0)
		r = store_check(&store, o->repair, &faults, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < faults.n; i++)
		printf("%s: %s%s\n", faults.items[i].what, faults.items[i].why,
		       faults.items[i].repaired ? " (repaired)" : "");
	printf("%u blobs and %u layers checked, %zu damaged\n", faults.blobs, faults.layers,
	       faults.n);
	return faults.left > 0 ? 1 : 0;
}

static const struct verb verb_inspect = {
	.name = "inspect",
	.args = "IMAGE...",
	.help = "all that is known of images, as JSON",
	.options_size = sizeof(struct image_options),
	.min_args = 1,
	.max_args = -1,
	.run = run_inspect,
};

static const struct verb verb_history = {
	.name = "history",
	.args = "IMAGE",
	.help = "the steps that made an image, the first one first",
	.options_size = sizeof(struct image_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_history,
};

static const struct verb verb_check = {
	.name = "check",
	.args = "[--repair]",
	.help = "compare everything in the store with its digest",
	.opts = check_opts,
	.n_opts = ARRAY_LEN(check_opts),
	.options_size = sizeof(struct image_options),
	.run = run_check,
};

static const struct verb verb_prune = {
	.name = "prune",
	.args = "[-a] [--kept]",
	.help = "remove what no image needs, and what a killed command left",
	.opts = prune_opts,
	.n_opts = ARRAY_LEN(prune_opts),
	.options_size = sizeof(struct image_options),
	.run = run_prune,
};

static const struct verb *const subverbs[] = {
	&verb_image_ls, &verb_inspect, &verb_history,      &verb_tag,          &verb_image_rm,
	&verb_check,    &verb_prune,   &verb_image_verify, &verb_image_unpack, NULL,
};

const struct verb verb_image = {
	.name = "image",
	.args = "VERB [ARG...]",
	.help = "images of the store: ls, inspect, history, tag, rm, check, prune, unpack, verify",
	.subverbs = subverbs,
};
