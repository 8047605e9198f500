/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/flat.h"
#include "base/text.h"

#define ENTRIES_MAX 4096
#define PAYLOAD_TYPE "cosign container image signature"

struct doc {
	struct strbuf *out;
	struct err *err;
};

static int bad(const struct doc *doc, const char *what, const char *expected)
{
	return err_set(doc->err, EBADMSG, "%s: expected %s", what, expected);
}

/* A member that may be absent or null; of another type it is an error. */
static int member(const struct doc *doc, const json_t *object, const char *key, json_type type,
		  const json_t **ret)
{
	const json_t *value = json_object_get(object, key);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (json_typeof(value) != type)
		return bad(doc, key,
			   type == JSON_STRING   ? "a text"
			   : type == JSON_ARRAY  ? "a list"
			   : type == JSON_OBJECT ? "an object"
						 : "a number");
	*ret = value;
	return 0;
}

static void put(const struct doc *doc, const char *key, const json_t *text)
{
	flat_put(doc->out, key, (struct span){ json_string_value(text), json_string_length(text) });
}

/* Add "line TEXT" if the object has the text. */
static int put_text(const struct doc *doc, const json_t *object, const char *key, const char *line)
{
	const json_t *text = NULL;
	int r = member(doc, object, key, JSON_STRING, &text);

	if (r == 0 && text)
		put(doc, line, text);
	return r;
}

static int put_texts(const struct doc *doc, const json_t *object, const char *key, const char *line)
{
	const json_t *list = NULL;
	int r = member(doc, object, key, JSON_ARRAY, &list);

	if (json_array_size(list) > ENTRIES_MAX)
		return bad(doc, key, "fewer entries");
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *text = json_array_get(list, i);

		if (!json_is_string(text))
			return bad(doc, key, "a list of texts");
		put(doc, line, text);
	}
	return r;
}

/* The keys of an object whose values mean nothing: {"80/tcp": {}}. */
static int put_keys(const struct doc *doc, const json_t *object, const char *key, const char *line)
{
	const json_t *set = NULL;
	int r = member(doc, object, key, JSON_OBJECT, &set);
	void *at = set ? json_object_iter((json_t *)(uintptr_t)set) : NULL;

	for (; r == 0 && at; at = json_object_iter_next((json_t *)(uintptr_t)set, at))
		flat_puts(doc->out, line, json_object_iter_key(at));
	return r;
}

/* {"KEY": "TEXT"} as "line KEY=TEXT". */
static int put_labels(const struct doc *doc, const json_t *object, const char *key,
		      const char *name)
{
	const json_t *set = NULL;
	int r = member(doc, object, key, JSON_OBJECT, &set);
	void *at = set ? json_object_iter((json_t *)(uintptr_t)set) : NULL;

	for (; r == 0 && at; at = json_object_iter_next((json_t *)(uintptr_t)set, at)) {
		cleanup_strbuf struct strbuf line = { 0 };
		const char *value = json_string_value(json_object_iter_value(at));

		if (!value)
			return bad(doc, key, "texts");
		strbuf_addf(&line, "%s=%s", json_object_iter_key(at), value);
		flat_puts(doc->out, name, strbuf_str(&line));
		doc->out->failed |= line.failed;
	}
	return r;
}

static bool is_digest(const char *s)
{
	return strncmp(s, "sha256:", 7) == 0 && strspn(s + 7, "0123456789abcdef") == 64 &&
	       s[7 + 64] == '\0';
}

/* {"mediaType", "digest", "size"}: "line DIGEST", "media TYPE", "size N". */
static int put_descriptor(const struct doc *doc, const json_t *d, const char *line)
{
	const char *digest = json_string_value(json_object_get(d, "digest"));
	const char *media = json_string_value(json_object_get(d, "mediaType"));
	const json_t *size = json_object_get(d, "size");
	const json_t *urls = json_object_get(d, "urls");

	if (!json_is_object(d) || !digest || !media || !json_is_integer(size))
		return bad(doc, line, "a descriptor with mediaType, digest and size");
	if (!is_digest(digest))
		return bad(doc, "digest", "sha256: and 64 lower-case hexadecimal digits");
	if (json_integer_value(size) < 0)
		return bad(doc, "size", "a number that is not negative");
	if (json_array_size(urls) > 0)
		return bad(doc, "urls", "none: layers from elsewhere are not fetched");
	flat_puts(doc->out, line, digest);
	flat_puts(doc->out, "media", media);
	flat_putu(doc->out, "size", (uint64_t)json_integer_value(size));
	return 0;
}

/* "note KEY", "note-value TEXT" for each annotation that is a text. */
static int put_notes(const struct doc *doc, const json_t *d)
{
	const json_t *notes = NULL;
	int r = member(doc, d, "annotations", JSON_OBJECT, &notes);
	void *at = notes ? json_object_iter((json_t *)(uintptr_t)notes) : NULL;

	for (; r == 0 && at; at = json_object_iter_next((json_t *)(uintptr_t)notes, at)) {
		const json_t *value = json_object_iter_value(at);

		if (!json_is_string(value))
			continue;
		flat_puts(doc->out, "note", json_object_iter_key(at));
		put(doc, "note-value", value);
	}
	return r;
}

static bool one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s, list[i]) == 0)
			return true;
	}
	return false;
}

/* schemaVersion 2, and a mediaType that, where it is given, is one of the list. */
static int check_head(const struct doc *doc, const json_t *root, const char *const *types, size_t n)
{
	const json_t *media = NULL;
	int r = member(doc, root, "mediaType", JSON_STRING, &media);

	if (r < 0)
		return r;
	if (json_integer_value(json_object_get(root, "schemaVersion")) != 2)
		return bad(doc, "schemaVersion", "2");
	if (json_object_get(root, "layers") && json_object_get(root, "manifests"))
		return bad(doc, "the document", "a manifest or an index, not both");
	if (media && !one_of(json_string_value(media), types, n))
		return bad(doc, "mediaType", "a known one, and the one that was asked for");
	if (media)
		put(doc, "media", media);
	return 0;
}

static int put_platform(const struct doc *doc, const json_t *d)
{
	const json_t *platform = NULL;
	const json_t *notes = NULL;
	int r = member(doc, d, "platform", JSON_OBJECT, &platform);

	if (r == 0)
		r = member(doc, d, "annotations", JSON_OBJECT, &notes);
	if (r == 0)
		r = put_text(doc, platform, "os", "os");
	if (r == 0)
		r = put_text(doc, platform, "architecture", "arch");
	if (r == 0)
		r = put_text(doc, platform, "variant", "variant");
	if (r == 0)
		r = put_text(doc, notes, "org.opencontainers.image.ref.name", "ref");
	return r == 0 ? put_text(doc, d, "artifactType", "artifact") : r;
}

static int flatten_index(const struct doc *doc, const json_t *root)
{
	static const char *const types[] = {
		"application/vnd.oci.image.index.v1+json",
		"application/vnd.docker.distribution.manifest.list.v2+json",
	};
	const json_t *list = json_object_get(root, "manifests");
	int r = check_head(doc, root, types, ARRAY_LEN(types));

	if (r < 0)
		return r;
	if (!json_is_array(list) || json_array_size(list) > ENTRIES_MAX)
		return bad(doc, "manifests", "a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		r = put_descriptor(doc, json_array_get(list, i), "manifest");
		if (r == 0)
			r = put_platform(doc, json_array_get(list, i));
		if (r < 0)
			return r;
	}
	return 0;
}

static int flatten_manifest(const struct doc *doc, const json_t *root)
{
	static const char *const types[] = {
		"application/vnd.oci.image.manifest.v1+json",
		"application/vnd.docker.distribution.manifest.v2+json",
	};
	const json_t *layers = json_object_get(root, "layers");
	const json_t *subject = json_object_get(root, "subject");
	int r = check_head(doc, root, types, ARRAY_LEN(types));

	if (r == 0)
		r = put_descriptor(doc, json_object_get(root, "config"), "config");
	if (r < 0)
		return r;
	if (!json_is_array(layers))
		return bad(doc, "layers", "a list");
	if (json_array_size(layers) > IMAGE_MAX_LAYERS)
		return err_set(doc->err, E2BIG, "more than %d layers", IMAGE_MAX_LAYERS);
	for (size_t i = 0; r == 0 && i < json_array_size(layers); i++) {
		r = put_descriptor(doc, json_array_get(layers, i), "layer");
		if (r == 0)
			r = put_notes(doc, json_array_get(layers, i));
	}
	if (r == 0 && subject && !json_is_null(subject))
		r = put_descriptor(doc, subject, "subject");
	return r == 0 ? put_text(doc, root, "artifactType", "artifact") : r;
}

static int put_history(const struct doc *doc, const json_t *root)
{
	const json_t *list = NULL;
	int r = member(doc, root, "history", JSON_ARRAY, &list);

	if (json_array_size(list) > ENTRIES_MAX)
		return bad(doc, "history", "fewer entries");
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *step = json_array_get(list, i);
		const char *command = json_string_value(json_object_get(step, "created_by"));

		if (!json_is_object(step))
			return bad(doc, "history", "a list of objects");
		flat_puts(doc->out, "history", command ? command : "");
		r = put_text(doc, step, "created", "created");
		if (r == 0)
			r = put_text(doc, step, "author", "author");
		if (r == 0)
			r = put_text(doc, step, "comment", "comment");
		if (r == 0 && json_is_true(json_object_get(step, "empty_layer")))
			flat_puts(doc->out, "empty", "1");
	}
	return r;
}

/* A member of a configuration, and how it becomes lines. */
struct config_member {
	const char *key, *line;
	int (*put)(const struct doc *doc, const json_t *object, const char *key, const char *line);
};

static const struct config_member run_members[] = {
	{ "User", "user", put_text },
	{ "WorkingDir", "workdir", put_text },
	{ "StopSignal", "stop-signal", put_text },
	{ "Env", "env", put_texts },
	{ "Entrypoint", "entrypoint", put_texts },
	{ "Cmd", "cmd", put_texts },
	{ "Shell", "shell", put_texts },
	{ "OnBuild", "on-build", put_texts },
	{ "ExposedPorts", "port", put_keys },
	{ "Volumes", "volume", put_keys },
	{ "Labels", "label", put_labels },
};

static const struct config_member image_members[] = {
	{ "os", "os", put_text },           { "architecture", "arch", put_text },
	{ "variant", "variant", put_text }, { "created", "created", put_text },
	{ "author", "author", put_text },
};

static int put_members(const struct doc *doc, const json_t *object,
		       const struct config_member *members, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = members[i].put(doc, object, members[i].key, members[i].line);
	return r;
}

static bool is_member(const char *key, const struct config_member *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(key, members[i].key) == 0)
			return true;
	}
	return false;
}

/* A member that no line tells, as it is. */
static int put_rest(const struct doc *doc, const char *row, const char *member, const json_t *value)
{
	cleanup_strbuf struct strbuf name = { 0 };
	char *json = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (!json)
		return err_set(doc->err, ENOMEM, "out of memory");
	strbuf_addf(&name, "%s-value", row);
	flat_puts(doc->out, row, member);
	flat_puts(doc->out, strbuf_str(&name), json);
	doc->out->failed |= name.failed;
	free(json);
	return 0;
}

static int flatten_rest(const struct doc *doc, const json_t *root)
{
	static const char *const others[] = { "config", "rootfs", "history" };
	const char *key;
	json_t *value;
	const json_t *config = NULL;
	int r = member(doc, root, "config", JSON_OBJECT, &config);

	json_object_foreach((json_t *)(uintptr_t)root, key, value)
	{
		if (r == 0 && !one_of(key, others, ARRAY_LEN(others)) &&
		    !is_member(key, image_members, ARRAY_LEN(image_members)))
			r = put_rest(doc, "rest", key, value);
	}
	json_object_foreach((json_t *)(uintptr_t)config, key, value)
	{
		if (r == 0 && !is_member(key, run_members, ARRAY_LEN(run_members)))
			r = put_rest(doc, "run-rest", key, value);
	}
	return r;
}

static int put_diff_ids(const struct doc *doc, const json_t *root)
{
	const json_t *rootfs = json_object_get(root, "rootfs");
	const json_t *ids = json_object_get(rootfs, "diff_ids");

	if (!json_is_array(ids))
		return bad(doc, "rootfs", "an object with a list diff_ids");
	if (json_array_size(ids) > IMAGE_MAX_LAYERS)
		return err_set(doc->err, E2BIG, "more than %d layers", IMAGE_MAX_LAYERS);
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		if (!id || !is_digest(id))
			return bad(doc, "diff_ids", "sha256 digests");
		flat_puts(doc->out, "diff-id", id);
	}
	return 0;
}

static int flatten_config(const struct doc *doc, const json_t *root)
{
	const json_t *config = NULL;
	int r = member(doc, root, "config", JSON_OBJECT, &config);

	if (r == 0)
		r = put_members(doc, root, image_members, ARRAY_LEN(image_members));
	if (r == 0)
		r = put_members(doc, config, run_members, ARRAY_LEN(run_members));
	if (r == 0)
		r = put_diff_ids(doc, root);
	return r == 0 ? put_history(doc, root) : r;
}

static int flatten_docker(const struct doc *doc, const json_t *root)
{
	if (!json_is_array(root) || json_array_size(root) > ENTRIES_MAX)
		return bad(doc, "manifest.json", "a list");
	for (size_t i = 0; i < json_array_size(root); i++) {
		const json_t *image = json_array_get(root, i);
		const char *config = json_string_value(json_object_get(image, "Config"));
		int r;

		if (!config)
			return bad(doc, "manifest.json", "images with a Config");
		flat_puts(doc->out, "image", config);
		r = put_texts(doc, image, "RepoTags", "tag");
		if (r == 0)
			r = put_texts(doc, image, "Layers", "layer");
		if (r < 0)
			return r;
	}
	return 0;
}

/* An object that has this member and no other: what is signed leaves no room for a second reading.
 */
static const json_t *only_member(const struct doc *doc, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_object_size(object) != 1) {
		bad(doc, key, "it, and nothing beside it");
		return NULL;
	}
	return value;
}

static int flatten_payload(const struct doc *doc, const json_t *root)
{
	const json_t *critical = json_object_get(root, "critical");
	const json_t *optional = json_object_get(root, "optional");
	const char *type = json_string_value(json_object_get(critical, "type"));
	const json_t *digest;
	const json_t *name;

	if (json_object_size(root) != 1U + (optional != NULL) || json_object_size(critical) != 3)
		return bad(doc, "critical", "type, image and identity, and beside it optional");
	if (optional && !json_is_object(optional) && !json_is_null(optional))
		return bad(doc, "optional", "an object");
	if (!type || strcmp(type, PAYLOAD_TYPE) != 0)
		return bad(doc, "type", "\"" PAYLOAD_TYPE "\"");
	digest = only_member(doc, json_object_get(critical, "image"), "docker-manifest-digest");
	name = digest ? only_member(doc, json_object_get(critical, "identity"), "docker-reference")
		      : NULL;
	if (!name)
		return -EBADMSG;
	if (!json_is_string(digest) || !is_digest(json_string_value(digest)))
		return bad(doc, "docker-manifest-digest", "a sha256 digest");
	if (!json_is_string(name))
		return bad(doc, "docker-reference", "a text");
	put(doc, "digest", digest);
	put(doc, "reference", name);
	return 0;
}

static const struct {
	const char *kind;
	bool is_list;
	int (*flatten)(const struct doc *doc, const json_t *root);
} kinds[] = {
	{ "index", false, flatten_index },   { "manifest", false, flatten_manifest },
	{ "config", false, flatten_config }, { "rest", false, flatten_rest },
	{ "docker", true, flatten_docker },  { "payload", false, flatten_payload },
};

int image_json_flatten(const char *kind, const void *bytes, size_t n, struct strbuf *ret,
		       struct err *err)
{
	cleanup_strbuf struct strbuf lines = { 0 };
	const struct doc doc = { .out = &lines, .err = err };
	json_error_t fault = { 0 };
	json_t *root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &fault);
	int r = -EINVAL;

	if (!root)
		return err_set(err, EBADMSG, "no valid JSON: line %d: %.120s", fault.line,
			       fault.text);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kind, kinds[i].kind) != 0)
			continue;
		r = kinds[i].is_list || json_is_object(root) ? kinds[i].flatten(&doc, root)
							     : bad(&doc, kind, "an object");
	}
	json_decref(root);
	if (r < 0)
		return r == -EINVAL ? err_set(err, EINVAL, "unknown kind %.20s", kind) : r;
	if (lines.failed)
		return err_set(err, ENOMEM, "out of memory");
	strbuf_add(ret, lines.p, lines.len);
	return 0;
}
