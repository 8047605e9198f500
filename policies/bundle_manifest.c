/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/bundle_manifest.h"

#include <errno.h>
#include <string.h>

#include "base/jsonw.h"
#include "policies/yaml_tree.h"

#define VERSION "1"

static bool is_file_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || (c == '.' && i > 0)))
			return false;
	}
	return n > 0 && n < 64;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_digest(const char *hex, struct digest *ret)
{
	if (strlen(hex) != DIGEST_HEX_LEN - 1)
		return false;
	for (size_t i = 0; i < DIGEST_LEN; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static const char *scalar(const struct yaml_node *root, const char *key, struct diags *diags)
{
	const struct yaml_node *node = yaml_find(root, key);

	if (node && node->kind == YAML_SCALAR)
		return node->text;
	diags_add(diags, node ? node->where : root->where, "no \"%s\"; expected a text", key);
	return NULL;
}

static int read_entry(const struct yaml_node *key, const struct yaml_node *value,
		      struct bundle_entry *ret, struct diags *diags)
{
	if (!is_file_name(key->text) || strcmp(key->text, BUNDLE_MANIFEST) == 0 ||
	    strcmp(key->text, BUNDLE_SIGNATURE) == 0) {
		diags_add(diags, key->where, "not the name of a file of a bundle");
		return -EINVAL;
	}
	if (value->kind != YAML_SCALAR || !read_digest(value->text, &ret->digest)) {
		diags_add(diags, value->where, "not a digest of %s; expected 64 hexadecimal digits",
			  key->text);
		return -EINVAL;
	}
	ret->file = key->text;
	return 0;
}

static int read_files(const struct yaml_node *files, struct arena *arena,
		      struct bundle_manifest *ret, struct diags *diags)
{
	if (!files || files->kind != YAML_MAP || files->n > BUNDLE_MAX_FILES) {
		diags_add(diags, files ? files->where : (struct where){ BUNDLE_MANIFEST, 1, 1 },
			  "no \"files\"; expected at most %d files and their digests",
			  BUNDLE_MAX_FILES);
		return -EINVAL;
	}
	ret->entries = arena_array(arena, files->n + 1, sizeof(*ret->entries));
	if (!ret->entries)
		return -ENOMEM;
	for (size_t i = 0; i < files->n; i++) {
		int r = read_entry(&files->keys[i], &files->items[i], &ret->entries[ret->n], diags);

		if (r < 0)
			return r;
		if (ret->n > 0 &&
		    strcmp(ret->entries[ret->n - 1].file, ret->entries[ret->n].file) >= 0) {
			diags_add(diags, files->keys[i].where,
				  "out of order; expected files sorted by name");
			return -EINVAL;
		}
		ret->n++;
	}
	return 0;
}

int bundle_manifest_read(struct span text, const char *file, struct arena *arena,
			 struct bundle_manifest *ret, struct diags *diags)
{
	struct bundle_manifest manifest = { 0 };
	struct yaml_node root = { 0 };
	const char *version;
	int r = yaml_tree_read(text, file, arena, &root, diags);

	if (r < 0)
		return r;
	if (root.kind != YAML_MAP) {
		diags_add(diags, root.where, "not a map; expected the manifest of a bundle");
		return -EINVAL;
	}
	version = scalar(&root, "version", diags);
	manifest.name = scalar(&root, "name", diags);
	manifest.tool = scalar(&root, "tool", diags);
	if (!version || !manifest.name || !manifest.tool)
		return -EINVAL;
	if (strcmp(version, VERSION) != 0 || root.n != 4) {
		diags_add(
			diags, root.where,
			"not a manifest of this version; expected files, name, tool and version " VERSION);
		return -EINVAL;
	}
	r = read_files(yaml_find(&root, "files"), arena, &manifest, diags);
	if (r < 0)
		return r;
	if (!bundle_manifest_find(&manifest, BUNDLE_POLICY)) {
		diags_add(diags, root.where, "no " BUNDLE_POLICY "; expected it among the files");
		return -EINVAL;
	}
	*ret = manifest;
	return 0;
}

void bundle_manifest_print(const struct bundle_manifest *manifest, struct strbuf *out)
{
	struct jsonw j = { .out = out };
	char hex[DIGEST_HEX_LEN];

	jsonw_object(&j);
	jsonw_key(&j, "files");
	jsonw_object(&j);
	for (size_t i = 0; i < manifest->n; i++) {
		digest_hex(&manifest->entries[i].digest, hex);
		jsonw_kstr(&j, manifest->entries[i].file, hex);
	}
	jsonw_object_end(&j);
	jsonw_kstr(&j, "name", manifest->name);
	jsonw_kstr(&j, "tool", manifest->tool);
	jsonw_kstr(&j, "version", VERSION);
	jsonw_object_end(&j);
}

const struct bundle_entry *bundle_manifest_find(const struct bundle_manifest *manifest,
						const char *file)
{
	for (size_t i = 0; i < manifest->n; i++) {
		if (strcmp(manifest->entries[i].file, file) == 0)
			return &manifest->entries[i];
	}
	return NULL;
}
