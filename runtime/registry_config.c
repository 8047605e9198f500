/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "policies/yaml_tree.h"

#define DEFAULT_IMAGE ((uint64_t)32 << 30)
#define DEFAULT_UNPACKED ((uint64_t)32 << 30)
#define DEFAULT_LAYERS 256
#define DEFAULT_ENTRIES 1000000
#define SYSTEM_FILE "/etc/immure/registries.yaml"

struct reader {
	struct arena *arena;
	struct diags *diags;
	struct registry_config config;
};

typedef void (*read_fn)(struct reader *r, const struct yaml_node *key,
			const struct yaml_node *value, void *data);

struct key {
	const char *name;
	enum yaml_kind kind;
	read_fn read;
};

/* Read each member of a map by the row that has its name. */
static void read_map(struct reader *r, const struct yaml_node *map, const struct key *keys,
		     size_t n, void *data)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *name = &map->keys[i];
		const struct key *key = NULL;

		for (size_t k = 0; !key && k < n; k++) {
			if (strcmp(name->text, keys[k].name) == 0)
				key = &keys[k];
		}
		if (!key)
			diags_add(r->diags, name->where, "unknown key \"%.60s\"", name->text);
		else if (map->items[i].kind != key->kind)
			diags_add(r->diags, map->items[i].where, "%s: expected a %s", key->name,
				  key->kind == YAML_SCALAR ? "value"
				  : key->kind == YAML_LIST ? "list"
							   : "map");
		else
			key->read(r, name, &map->items[i], data);
	}
}

static void read_ca(struct reader *r, const struct yaml_node *key, const struct yaml_node *value,
		    void *data)
{
	struct registry_rule *rule = data;

	(void)key;
	rule->ca = value->text;
	if (value->text[0] != '/')
		diags_add(r->diags, value->where, "ca: expected an absolute path");
}

static void read_insecure(struct reader *r, const struct yaml_node *key,
			  const struct yaml_node *value, void *data)
{
	struct registry_rule *rule = data;

	(void)key;
	rule->insecure = strcmp(value->text, "true") == 0;
	if (!rule->insecure && strcmp(value->text, "false") != 0)
		diags_add(r->diags, value->where, "insecure: expected true or false");
}

static void read_mirrors(struct reader *r, const struct yaml_node *key,
			 const struct yaml_node *value, void *data)
{
	struct registry_rule *rule = data;

	(void)key;
	rule->mirrors = arena_array(r->arena, value->n + 1, sizeof(*rule->mirrors));
	for (size_t i = 0; rule->mirrors && i < value->n; i++) {
		const struct yaml_node *item = &value->items[i];

		if (item->kind != YAML_SCALAR || !image_domain_is_valid(span_of(item->text)))
			diags_add(r->diags, item->where, "a mirror: expected HOST[:PORT]");
		else
			rule->mirrors[rule->n_mirrors++] = item->text;
	}
	r->diags->out_of_memory |= !rule->mirrors;
}

static const struct key rule_keys[] = {
	{ "ca", YAML_SCALAR, read_ca },
	{ "insecure", YAML_SCALAR, read_insecure },
	{ "mirrors", YAML_LIST, read_mirrors },
};

static void read_registries(struct reader *r, const struct yaml_node *key,
			    const struct yaml_node *value, void *data)
{
	struct registry_config *c = &r->config;

	(void)key;
	(void)data;
	c->rules = arena_array(r->arena, value->n + 1, sizeof(*c->rules));
	r->diags->out_of_memory |= !c->rules;
	for (size_t i = 0; c->rules && i < value->n; i++) {
		const struct yaml_node *host = &value->keys[i];

		if (!image_domain_is_valid(span_of(host->text)))
			diags_add(r->diags, host->where, "a registry: expected HOST[:PORT]");
		if (value->items[i].kind != YAML_MAP) {
			diags_add(r->diags, value->items[i].where, "expected a map");
			continue;
		}
		c->rules[c->n_rules].host = host->text;
		read_map(r, &value->items[i], rule_keys, ARRAY_LEN(rule_keys),
			 &c->rules[c->n_rules++]);
	}
}

static void read_pin(struct reader *r, const struct yaml_node *name, const struct yaml_node *value)
{
	struct registry_pin *pin = &r->config.pins[r->config.n_pins];
	cleanup_strbuf struct strbuf full = { 0 };
	struct image_ref ref = { 0 };
	struct err err = { 0 };

	if (image_ref_parse(span_of(name->text), &ref, &err) < 0) {
		diags_add(r->diags, name->where, "%s", err.msg);
		return;
	}
	if (ref.digest[0])
		diags_add(r->diags, name->where, "a reference with a digest needs no pin");
	if (value->kind != YAML_SCALAR || !image_digest_is_valid(span_of(value->text))) {
		diags_add(r->diags, value->where,
			  "expected sha256: and 64 lower-case hexadecimal digits");
		return;
	}
	image_ref_print(&ref, &full);
	pin->reference = arena_strdup(r->arena, strbuf_str(&full));
	pin->digest = value->text;
	r->diags->out_of_memory |= !pin->reference || full.failed;
	r->config.n_pins++;
}

static void read_pins(struct reader *r, const struct yaml_node *key, const struct yaml_node *value,
		      void *data)
{
	(void)key;
	(void)data;
	r->config.pins = arena_array(r->arena, value->n + 1, sizeof(*r->config.pins));
	r->diags->out_of_memory |= !r->config.pins;
	for (size_t i = 0; r->config.pins && i < value->n; i++)
		read_pin(r, &value->keys[i], &value->items[i]);
}

static void read_limit(struct reader *r, const struct yaml_node *key, const struct yaml_node *value,
		       void *data)
{
	struct registry_config *c = &r->config;
	const bool is_size = strcmp(key->text, "image") == 0 || strcmp(key->text, "unpacked") == 0;
	uint64_t number = 0;

	(void)data;
	if ((is_size ? span_bytes(span_of(value->text), UINT64_MAX >> 1, &number)
		     : span_u64(span_of(value->text), UINT32_MAX, &number)) < 0 ||
	    number == 0) {
		diags_add(r->diags, value->where, "%s: expected a %s", key->text,
			  is_size ? "size such as 8GiB" : "number");
		return;
	}
	if (strcmp(key->text, "image") == 0)
		c->max_image = number;
	else if (strcmp(key->text, "unpacked") == 0)
		c->max_unpacked = number;
	else if (strcmp(key->text, "layers") == 0)
		c->max_layers = number;
	else
		c->max_entries = number;
}

static const struct key limit_keys[] = {
	{ "entries", YAML_SCALAR, read_limit },
	{ "image", YAML_SCALAR, read_limit },
	{ "layers", YAML_SCALAR, read_limit },
	{ "unpacked", YAML_SCALAR, read_limit },
};

static void read_limits(struct reader *r, const struct yaml_node *key,
			const struct yaml_node *value, void *data)
{
	(void)key;
	read_map(r, value, limit_keys, ARRAY_LEN(limit_keys), data);
}

static const struct key top_keys[] = {
	{ "limits", YAML_MAP, read_limits },
	{ "pins", YAML_MAP, read_pins },
	{ "registries", YAML_MAP, read_registries },
};

static const struct registry_config defaults = { .max_image = DEFAULT_IMAGE,
						 .max_layers = DEFAULT_LAYERS,
						 .max_unpacked = DEFAULT_UNPACKED,
						 .max_entries = DEFAULT_ENTRIES };

int registry_config_parse(struct span text, const char *name, struct arena *arena,
			  struct registry_config *ret, struct diags *diags)
{
	struct reader r = { .arena = arena, .diags = diags, .config = defaults };
	struct yaml_node root = { 0 };
	int result = yaml_tree_read(text, name, arena, &root, diags);

	if (result < 0)
		return result;
	if (root.kind != YAML_MAP)
		diags_add(diags, root.where, "expected a map");
	else
		read_map(&r, &root, top_keys, ARRAY_LEN(top_keys), NULL);
	if (diags->out_of_memory)
		return -ENOMEM;
	if (diags->n > 0)
		return -EINVAL;
	*ret = r.config;
	return 0;
}

static const char *own_file(struct arena *arena)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && config[0] == '/')
		return arena_printf(arena, "%s/immure/registries.yaml", config);
	if (home && home[0] == '/')
		return arena_printf(arena, "%s/.config/immure/registries.yaml", home);
	return NULL;
}

int registry_config_read(struct arena *arena, struct registry_config *ret, struct diags *diags,
			 struct err *err)
{
	const char *const files[] = { own_file(arena), SYSTEM_FILE };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		cleanup_strbuf struct strbuf text = { 0 };
		int r = files[i] ? fd_read_file(AT_FDCWD, files[i], REGISTRY_CONFIG_MAX, &text, err)
				 : -ENOENT;

		if (r == -ENOENT) {
			*err = (struct err){ 0 };
			continue;
		}
		if (r == 0)
			r = registry_config_parse((struct span){ strbuf_str(&text), text.len },
						  files[i], arena, ret, diags);
		if (r == -ENOMEM)
			return err_set(err, ENOMEM, "out of memory");
		if (r < 0 && err->code == 0)
			return err_set(err, -r, "%s is faulty", files[i]);
		return r;
	}
	*ret = defaults;
	return 0;
}

const char *registry_api_host(const char *domain)
{
	return strcmp(domain, "docker.io") == 0 ? "registry-1.docker.io" : domain;
}

const struct registry_rule *registry_rule_of(const struct registry_config *config, const char *host)
{
	static const struct registry_rule nothing = { 0 };

	for (size_t i = 0; i < config->n_rules; i++) {
		if (strcmp(config->rules[i].host, host) == 0)
			return &config->rules[i];
	}
	return &nothing;
}

const char *registry_pin_of(const struct registry_config *config, const struct image_ref *ref)
{
	cleanup_strbuf struct strbuf full = { 0 };

	if (ref->digest[0])
		return NULL;
	image_ref_print(ref, &full);
	for (size_t i = 0; !full.failed && i < config->n_pins; i++) {
		if (strcmp(config->pins[i].reference, strbuf_str(&full)) == 0)
			return config->pins[i].digest;
	}
	return NULL;
}
