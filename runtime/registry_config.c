/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_config.h"

#include <string.h>

#include "runtime/config_file.h"

#define DEFAULT_IMAGE ((uint64_t)32 << 30)
#define DEFAULT_UNPACKED ((uint64_t)32 << 30)
#define DEFAULT_LAYERS 256
#define DEFAULT_ENTRIES 1000000

static void read_ca(struct config_reader *r, const struct yaml_node *key,
		    const struct yaml_node *value, void *data)
{
	struct registry_rule *rule = data;

	(void)key;
	rule->ca = value->text;
	if (value->text[0] != '/')
		diags_add(r->diags, value->where, "ca: expected an absolute path");
}

static void read_insecure(struct config_reader *r, const struct yaml_node *key,
			  const struct yaml_node *value, void *data)
{
	struct registry_rule *rule = data;

	(void)key;
	rule->insecure = strcmp(value->text, "true") == 0;
	if (!rule->insecure && strcmp(value->text, "false") != 0)
		diags_add(r->diags, value->where, "insecure: expected true or false");
}

static void read_mirrors(struct config_reader *r, const struct yaml_node *key,
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

static const struct config_key rule_keys[] = {
	{ "ca", YAML_SCALAR, read_ca },
	{ "insecure", YAML_SCALAR, read_insecure },
	{ "mirrors", YAML_LIST, read_mirrors },
};

static void read_registries(struct config_reader *r, const struct yaml_node *key,
			    const struct yaml_node *value, void *data)
{
	struct registry_config *c = r->config;

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
		config_read_map(r, &value->items[i], rule_keys, ARRAY_LEN(rule_keys),
				&c->rules[c->n_rules++]);
	}
}

static void read_pin(struct config_reader *r, const struct yaml_node *name,
		     const struct yaml_node *value)
{
	struct registry_config *c = r->config;
	struct registry_pin *pin = &c->pins[c->n_pins];
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
	c->n_pins++;
}

static void read_pins(struct config_reader *r, const struct yaml_node *key,
		      const struct yaml_node *value, void *data)
{
	struct registry_config *c = r->config;

	(void)key;
	(void)data;
	c->pins = arena_array(r->arena, value->n + 1, sizeof(*c->pins));
	r->diags->out_of_memory |= !c->pins;
	for (size_t i = 0; c->pins && i < value->n; i++)
		read_pin(r, &value->keys[i], &value->items[i]);
}

static void read_limit(struct config_reader *r, const struct yaml_node *key,
		       const struct yaml_node *value, void *data)
{
	struct registry_config *c = r->config;
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

static const struct config_key limit_keys[] = {
	{ "entries", YAML_SCALAR, read_limit },
	{ "image", YAML_SCALAR, read_limit },
	{ "layers", YAML_SCALAR, read_limit },
	{ "unpacked", YAML_SCALAR, read_limit },
};

static void read_limits(struct config_reader *r, const struct yaml_node *key,
			const struct yaml_node *value, void *data)
{
	(void)key;
	config_read_map(r, value, limit_keys, ARRAY_LEN(limit_keys), data);
}

static const struct config_key top_keys[] = {
	{ "limits", YAML_MAP, read_limits },
	{ "pins", YAML_MAP, read_pins },
	{ "registries", YAML_MAP, read_registries },
};

static const struct registry_config defaults = { .max_image = DEFAULT_IMAGE,
						 .max_layers = DEFAULT_LAYERS,
						 .max_unpacked = DEFAULT_UNPACKED,
						 .max_entries = DEFAULT_ENTRIES };

static void read_root(struct config_reader *r, const struct yaml_node *root)
{
	config_read_map(r, root, top_keys, ARRAY_LEN(top_keys), NULL);
}

int registry_config_parse(struct span text, const char *name, struct arena *arena,
			  struct registry_config *ret, struct diags *diags)
{
	struct registry_config config = defaults;
	int r = config_parse(text, name, read_root, arena, &config, diags);

	if (r == 0)
		*ret = config;
	return r;
}

static int parse_any(struct span text, const char *name, struct arena *arena, void *ret,
		     struct diags *diags)
{
	return registry_config_parse(text, name, arena, ret, diags);
}

int registry_config_read(struct arena *arena, struct registry_config *ret, struct diags *diags,
			 struct err *err)
{
	struct config_paths paths = config_paths_of("registries.yaml", arena);
	int r = config_read_file(paths.own, parse_any, arena, ret, diags, err);

	if (r == 0)
		r = config_read_file(paths.system, parse_any, arena, ret, diags, err);
	if (r == 0)
		*ret = defaults;
	return r < 0 ? r : 0;
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
