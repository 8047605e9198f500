/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_record.h"

#include <string.h>

#include "base/flat.h"

#define VERSION 1

struct reader {
	struct arena *arena;
	struct image_record *record;
	struct err *err;
	bool in_history; /* what follows tells of a step of it, not of the image */
};

static int add_text(struct reader *r, struct image_texts *list, const char *value)
{
	const char **grown =
		arena_grow(r->arena, list->items, &list->cap, list->n + 2, sizeof(*grown));

	if (!grown)
		return err_set(r->err, ENOMEM, "out of memory");
	list->items = grown;
	grown[list->n++] = value;
	grown[list->n] = NULL;
	return 0;
}

static int add_layer(struct reader *r, const char *diff_id)
{
	struct image_record *record = r->record;
	struct image_layer *grown = arena_grow(r->arena, record->layers, &record->cap_layers,
					       record->n_layers + 1, sizeof(*grown));

	if (!grown)
		return err_set(r->err, ENOMEM, "out of memory");
	record->layers = grown;
	grown[record->n_layers++] = (struct image_layer){ .diff_id = diff_id };
	return 0;
}

/* 1 if the line told something of the last layer, 0 if it is another's, -EBADMSG. */
static int read_layer_line(struct reader *r, const struct flat_pair *pair)
{
	struct image_record *record = r->record;
	struct image_layer *layer =
		record->n_layers > 0 ? &record->layers[record->n_layers - 1] : NULL;
	int result = 1;

	if (!layer)
		return 0;
	if (span_eq(pair->key, "blob"))
		layer->blob = pair->value;
	else if (span_eq(pair->key, "size"))
		result = flat_u64(pair, &layer->size, r->err);
	else if (span_eq(pair->key, "bytes"))
		result = flat_u64(pair, &layer->bytes, r->err);
	else if (span_eq(pair->key, "marks"))
		result = flat_u64(pair, &layer->marks, r->err);
	else
		return 0;
	return result < 0 ? result : 1;
}

static int read_config_line(struct reader *r, const struct flat_pair *pair)
{
	struct image_record *record = r->record;
	const struct {
		const char *key;
		const char **text;
		struct image_texts *list;
	} rows[] = {
		{ "manifest", &record->manifest, NULL },
		{ "config", &record->config, NULL },
		{ "media", &record->media_type, NULL },
		{ "os", &record->os, NULL },
		{ "arch", &record->arch, NULL },
		{ "variant", &record->variant, NULL },
		{ "created", &record->created, NULL },
		{ "user", &record->user, NULL },
		{ "workdir", &record->workdir, NULL },
		{ "stop-signal", &record->stop_signal, NULL },
		{ "signed", NULL, &record->signed_by },
		{ "env", NULL, &record->env },
		{ "entrypoint", NULL, &record->entrypoint },
		{ "cmd", NULL, &record->cmd },
		{ "port", NULL, &record->ports },
		{ "volume", NULL, &record->volumes },
		{ "label", NULL, &record->labels },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!span_eq(pair->key, rows[i].key))
			continue;
		if (rows[i].list)
			return add_text(r, rows[i].list, pair->value);
		*rows[i].text = pair->value;
		return 0;
	}
	return 0;
}

static int read_line(struct reader *r, const struct flat_pair *pair)
{
	int done;

	if (span_eq(pair->key, "history"))
		r->in_history = true;
	if (r->in_history)
		return 0;
	if (span_eq(pair->key, "layer"))
		return add_layer(r, pair->value);
	done = read_layer_line(r, pair);
	return done != 0 ? (done < 0 ? done : 0) : read_config_line(r, pair);
}

int image_record_parse(struct span text, struct arena *arena, struct image_record *ret,
		       struct err *err)
{
	struct image_record record = { 0 };
	struct reader reader = { .arena = arena, .record = &record, .err = err };
	struct flat_pair pair = { 0 };
	uint64_t version = 0;
	int r = flat_next(&text, arena, &pair, err);

	if (r < 0)
		return r;
	if (r == 0 || !span_eq(pair.key, "immure") || flat_u64(&pair, &version, err) < 0 ||
	    version != VERSION)
		return err_set(err, EBADMSG, "not a record of an image, or of another version");
	while ((r = flat_next(&text, arena, &pair, err)) > 0) {
		r = read_line(&reader, &pair);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (!record.manifest || !record.config)
		return err_set(err, EBADMSG, "a record of an image is incomplete");
	*ret = record;
	return 0;
}
