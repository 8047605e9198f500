/* SPDX-License-Identifier: Apache-2.0 */
/* image unpack: the layers of an image for the other kind of ids, from what came in. */
#include "runtime/layer_options.h"
#include "runtime/layers_bring.h"
#include "runtime/store_find.h"
#include "runtime/verb.h"
#include "runtime/verb_image.h"

struct unpack_options {
	struct layer_texts layer;
	bool quiet, json;
};

#define ROW(field) offsetof(struct unpack_options, field)

static const struct opt opts[] = {
	LAYER_OPT_IDS(ROW(layer.ids)),
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "no progress on standard error", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "progress as JSON lines", NULL },
};

/* The blobs are here, so nothing has to be fed to the unpackers. */
static int unpack(const struct store *store, const struct image_record *record, bool range,
		  struct progress *progress, struct err *err)
{
	struct layer_source sources[PROGRESS_MAX];

	if (record->n_layers > PROGRESS_MAX)
		return err_set(err, E2BIG, "more than %d layers", PROGRESS_MAX);
	for (size_t i = 0; i < record->n_layers; i++) {
		const struct image_layer *layer = &record->layers[i];

		if (!layer->blob || !store_has_blob(store, layer->blob))
			return err_set(err, ENOENT,
				       "its layer %.80s is not in the store: pull or load it again",
				       layer->blob ? layer->blob : "?");
		sources[i] = (struct layer_source){ .digest = layer->blob,
						    .size = layer->size,
						    .diff_id = layer->diff_id,
						    .range = range,
						    .input = -1 };
	}
	return layers_bring(store, sources, record->n_layers, progress, NULL, err);
}

static int run_unpack(const struct verb_call *call, struct err *err)
{
	const struct unpack_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	struct image_record record = { 0 };
	char manifest[STORE_DIGEST_LEN];
	cleanup_close int lock = -1;
	struct progress progress;
	struct layer_settings settings = { 0 };
	int r = layer_texts_parse(&o->layer, &settings, err);

	if (r < 0)
		return r;
	progress_init(&progress, o->quiet, o->json);
	r = store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r == 0)
		r = store_find_image(&store, call->argv[0], manifest, err);
	if (r == 0)
		r = store_read_image(&store, manifest, call->arena, &record, &lock, err);
	if (r == 0)
		r = unpack(&store, &record, settings.range, &progress, err);
	return r < 0 ? err_wrap(err, "%.100s", call->argv[0]) : 0;
}

const struct verb verb_image_unpack = {
	.name = "unpack",
	.args = "[--ids one|range] [-q] [--json] IMAGE",
	.help = "unpack the layers for the other kind of ids, too; immure run does so by itself",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.options_size = sizeof(struct unpack_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_unpack,
};
