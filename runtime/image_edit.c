/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "runtime/image_json.h"
#include "runtime/store_image.h"

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_CONFIG "application/vnd.oci.image.config.v1+json"

int image_edit_add(struct image_edit *edit, struct image_texts *list, const char *text,
		   struct err *err)
{
	const char **grown =
		arena_grow(edit->arena, list->items, &list->cap, list->n + 2, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	list->items = grown;
	grown[list->n++] = text;
	grown[list->n] = NULL;
	return 0;
}

int image_edit_set(struct image_edit *edit, struct image_texts *list, const char *text,
		   struct err *err)
{
	size_t n = strcspn(text, "=");

	for (size_t i = 0; i < list->n; i++) {
		if (strcspn(list->items[i], "=") != n || strncmp(list->items[i], text, n) != 0)
			continue;
		list->items[i] = text;
		return 0;
	}
	return image_edit_add(edit, list, text, err);
}

int image_edit_step(struct image_edit *edit, const struct image_step *step, struct err *err)
{
	struct image_step *grown = arena_grow(edit->arena, edit->steps, &edit->cap_steps,
					      edit->n_steps + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	edit->steps = grown;
	grown[edit->n_steps++] = *step;
	return 0;
}

/* Lines behind "history": they tell of the last step. */
static void read_step_line(struct image_edit *edit, const struct image_pair *pair)
{
	struct image_step *step = &edit->steps[edit->n_steps - 1];

	if (strcmp(pair->key, "created") == 0)
		step->created = pair->value;
	else if (strcmp(pair->key, "author") == 0)
		step->author = pair->value;
	else if (strcmp(pair->key, "comment") == 0)
		step->comment = pair->value;
	else if (strcmp(pair->key, "empty") == 0)
		step->empty = true;
}

static int read_line(struct image_edit *edit, const struct image_pair *pair, struct err *err)
{
	const struct {
		const char *key;
		const char **text;
		struct image_texts *list;
	} rows[] = {
		{ "os", &edit->os, NULL },
		{ "arch", &edit->arch, NULL },
		{ "variant", &edit->variant, NULL },
		{ "author", &edit->author, NULL },
		{ "user", &edit->user, NULL },
		{ "workdir", &edit->workdir, NULL },
		{ "stop-signal", &edit->stop_signal, NULL },
		{ "env", NULL, &edit->env },
		{ "entrypoint", NULL, &edit->entrypoint },
		{ "cmd", NULL, &edit->cmd },
		{ "port", NULL, &edit->ports },
		{ "volume", NULL, &edit->volumes },
		{ "label", NULL, &edit->labels },
		{ "shell", NULL, &edit->shell },
		{ "on-build", NULL, &edit->on_build },
		{ "diff-id", NULL, &edit->diff_ids },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(pair->key, rows[i].key) != 0)
			continue;
		if (rows[i].list)
			return image_edit_add(edit, rows[i].list, pair->value, err);
		*rows[i].text = pair->value;
		return 0;
	}
	return 0;
}

static int set_member(struct image_edit *edit, struct image_members *list, const char *key,
		      const char *json, struct err *err)
{
	struct image_pair *grown;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i].key, key) != 0)
			continue;
		list->items[i].value = json;
		return 0;
	}
	grown = arena_grow(edit->arena, list->items, &list->cap, list->n + 1, sizeof(*grown));
	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	list->items = grown;
	grown[list->n++] = (struct image_pair){ .key = key, .value = json };
	return 0;
}

int image_edit_set_rest(struct image_edit *edit, const char *key, const char *json, struct err *err)
{
	return set_member(edit, &edit->run_rest, key, json, err);
}

/* A line with the key is followed by one with the value. */
static int read_rest(struct image_edit *edit, const struct image_pair *pairs, size_t n,
		     struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < n; i++) {
		if (strcmp(pairs[i].key, "rest") == 0)
			r = set_member(edit, &edit->rest, pairs[i].value, pairs[i + 1].value, err);
		else if (strcmp(pairs[i].key, "run-rest") == 0)
			r = set_member(edit, &edit->run_rest, pairs[i].value, pairs[i + 1].value,
				       err);
	}
	return r;
}

int image_edit_read(struct image_edit *edit, const struct image_config *config,
		    const struct image_pair *rest, size_t n_rest, struct err *err)
{
	int r = read_rest(edit, rest, n_rest, err);

	for (size_t i = 0; r == 0 && i < config->n; i++) {
		const struct image_pair *pair = &config->pairs[i];
		const struct image_step step = { .command = pair->value };

		if (strcmp(pair->key, "history") == 0)
			r = image_edit_step(edit, &step, err);
		else if (edit->n_steps > 0)
			read_step_line(edit, pair);
		else
			r = read_line(edit, pair, err);
	}
	return r;
}

/* An object on its way: its members come in the order of their keys. */
struct object {
	struct jsonw *j;
	struct image_members rest; /* sorted; those before `at` are written */
	size_t at;
};

static int by_key(const void *a, const void *b)
{
	const struct image_pair *one = a;
	const struct image_pair *two = b;

	return strcmp(one->key, two->key);
}

static void begin_object(struct jsonw *j, const struct image_members *rest, struct object *ret)
{
	*ret = (struct object){ .j = j, .rest = *rest };
	if (rest->n > 0)
		qsort(rest->items, rest->n, sizeof(*rest->items), by_key);
	jsonw_object(j);
}

/* What is kept as it was and comes before a key; NULL: all that is left. */
static void put_rest(struct object *o, const char *before)
{
	for (; o->at < o->rest.n; o->at++) {
		const struct image_pair *member = &o->rest.items[o->at];

		if (before && strcmp(member->key, before) > 0)
			return;
		jsonw_key(o->j, member->key);
		jsonw_raw(o->j, member->value);
	}
}

static void put_key(struct object *o, const char *key)
{
	put_rest(o, key);
	jsonw_key(o->j, key);
}

static void end_object(struct object *o)
{
	put_rest(o, NULL);
	jsonw_object_end(o->j);
}

static void put_text(struct object *o, const char *key, const char *text)
{
	if (!text)
		return;
	put_key(o, key);
	jsonw_str(o->j, text);
}

static void put_array(struct jsonw *j, const struct image_texts *list)
{
	jsonw_array(j);
	for (size_t i = 0; i < list->n; i++)
		jsonw_str(j, list->items[i]);
	jsonw_array_end(j);
}

static void put_list(struct object *o, const char *key, const struct image_texts *list)
{
	if (list->n == 0)
		return;
	put_key(o, key);
	put_array(o->j, list);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An object whose keys are the texts, sorted, each once; of KEY=VALUE the first part. */
static void put_object(struct object *o, const char *key, const struct image_texts *list,
		       bool has_values)
{
	struct jsonw *j = o->j;
	cleanup_arena struct arena arena = { 0 };
	const char **sorted = arena_array(&arena, list->n + 1, sizeof(*sorted));

	if (!sorted) {
		j->out->failed = true;
		return;
	}
	if (list->n == 0)
		return;
	memcpy(sorted, list->items, list->n * sizeof(*sorted));
	qsort(sorted, list->n, sizeof(*sorted), by_text);
	put_key(o, key);
	jsonw_object(j);
	for (size_t i = 0; i < list->n; i++) {
		size_t n = has_values ? strcspn(sorted[i], "=") : strlen(sorted[i]);
		cleanup_strbuf struct strbuf name = { 0 };

		if (i > 0 && !has_values && strcmp(sorted[i], sorted[i - 1]) == 0)
			continue;
		strbuf_add(&name, sorted[i], n);
		j->out->failed |= name.failed;
		jsonw_key(j, strbuf_str(&name));
		if (has_values) {
			jsonw_str(j, sorted[i] + n + (sorted[i][n] == '='));
		} else {
			jsonw_object(j);
			jsonw_object_end(j);
		}
	}
	jsonw_object_end(j);
}

static void put_config(const struct image_edit *edit, struct jsonw *j)
{
	struct object o = { 0 };

	begin_object(j, &edit->run_rest, &o);
	put_list(&o, "Cmd", &edit->cmd);
	put_list(&o, "Entrypoint", &edit->entrypoint);
	put_list(&o, "Env", &edit->env);
	put_object(&o, "ExposedPorts", &edit->ports, false);
	put_object(&o, "Labels", &edit->labels, true);
	put_list(&o, "OnBuild", &edit->on_build);
	put_list(&o, "Shell", &edit->shell);
	put_text(&o, "StopSignal", edit->stop_signal);
	put_text(&o, "User", edit->user);
	put_object(&o, "Volumes", &edit->volumes, false);
	put_text(&o, "WorkingDir", edit->workdir);
	end_object(&o);
}

static void put_history(const struct image_edit *edit, struct jsonw *j)
{
	static const struct image_members none = { 0 };

	jsonw_array(j);
	for (size_t i = 0; i < edit->n_steps; i++) {
		const struct image_step *step = &edit->steps[i];

		struct object o = { 0 };

		begin_object(j, &none, &o);
		put_text(&o, "author", step->author);
		put_text(&o, "comment", step->comment);
		put_text(&o, "created", step->created);
		put_text(&o, "created_by", step->command);
		if (step->empty)
			jsonw_kbool(j, "empty_layer", true);
		end_object(&o);
	}
	jsonw_array_end(j);
}

void image_edit_json(const struct image_edit *edit, struct strbuf *out)
{
	struct jsonw j = { .out = out };
	struct object o = { 0 };

	begin_object(&j, &edit->rest, &o);
	put_text(&o, "architecture", edit->arch);
	put_text(&o, "author", edit->author);
	put_key(&o, "config");
	put_config(edit, &j);
	put_text(&o, "created", edit->created);
	if (edit->n_steps > 0) {
		put_key(&o, "history");
		put_history(edit, &j);
	}
	put_text(&o, "os", edit->os);
	put_key(&o, "rootfs");
	jsonw_object(&j);
	jsonw_key(&j, "diff_ids");
	put_array(&j, &edit->diff_ids);
	jsonw_kstr(&j, "type", "layers");
	jsonw_object_end(&j);
	put_text(&o, "variant", edit->variant);
	end_object(&o);
}

static void put_descriptor(struct jsonw *j, const char *media, const char *digest, uint64_t size)
{
	jsonw_object(j);
	jsonw_kstr(j, "mediaType", media);
	jsonw_kstr(j, "digest", digest);
	jsonw_ku64(j, "size", size);
	jsonw_object_end(j);
}

int image_put_manifest(const struct store *store, const char *config, size_t config_size,
		       const struct layer_result *layers, size_t n,
		       char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };

	jsonw_object(&j);
	jsonw_ku64(&j, "schemaVersion", 2);
	jsonw_kstr(&j, "mediaType", OCI_MANIFEST);
	jsonw_key(&j, "config");
	put_descriptor(&j, OCI_CONFIG, config, config_size);
	jsonw_key(&j, "layers");
	jsonw_array(&j);
	for (size_t i = 0; i < n; i++)
		put_descriptor(&j, layers[i].media_type, layers[i].digest, layers[i].size);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return store_put_blob(store, text.p, text.len, NULL, ret_digest, err);
}

int image_edit_publish(const struct image_edit *edit, const struct store *store,
		       const struct layer_result *layers, const struct image_ref *name, bool range,
		       char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup_strbuf struct strbuf config = { 0 };
	char digest[STORE_DIGEST_LEN];
	int r;

	image_edit_json(edit, &config);
	if (config.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (config.len > IMAGE_JSON_MAX)
		return err_set(err, EFBIG, "the image's configuration is too long");
	r = store_put_blob(store, config.p, config.len, NULL, digest, err);
	if (r == 0)
		r = image_put_manifest(store, digest, config.len, layers, edit->diff_ids.n,
				       ret_digest, err);
	return r < 0 ? r : image_add(store, ret_digest, name, range, err);
}
