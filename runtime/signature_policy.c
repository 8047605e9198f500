/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/signature_policy.h"

#include <stdio.h>
#include <string.h>

#include "runtime/config_file.h"

#define NEED_MAX 64

static void read_keys(struct config_reader *r, const struct yaml_node *key,
		      const struct yaml_node *value, void *data)
{
	struct signature_rule *rule = data;

	(void)key;
	rule->keys = arena_array(r->arena, value->n + 1, sizeof(*rule->keys));
	r->diags->out_of_memory |= !rule->keys;
	for (size_t i = 0; rule->keys && i < value->n; i++) {
		const struct yaml_node *item = &value->items[i];

		if (item->kind != YAML_SCALAR || item->text[0] != '/')
			diags_add(r->diags, item->where,
				  "a key: expected the absolute path of a file");
		else
			rule->keys[rule->n_keys++] = item->text;
	}
}

static void read_need(struct config_reader *r, const struct yaml_node *key,
		      const struct yaml_node *value, void *data)
{
	struct signature_rule *rule = data;

	(void)key;
	if (span_u64(span_of(value->text), NEED_MAX, &rule->need) < 0 || rule->need == 0)
		diags_add(r->diags, value->where, "need: expected a number from 1 to %d", NEED_MAX);
}

static bool is_in_full(const char *text, const struct image_ref *ref)
{
	size_t n = strlen(ref->domain);

	return strncmp(text, ref->domain, n) == 0 && text[n] == '/' &&
	       strncmp(text + n + 1, ref->path, strlen(ref->path)) == 0;
}

/* A name below HOST, in full: what is left out when typing must not change what a rule is for. */
static bool name_parse(const char *text, struct image_ref *ret)
{
	struct err ignored = { 0 };

	return image_ref_parse(span_of(text), ret, &ignored) == 0 && is_in_full(text, ret);
}

static bool has_tag_or_digest(const char *text)
{
	const char *slash = strrchr(text, '/');

	return strchr(text, '@') || (slash && strchr(slash, ':'));
}

static void read_name(struct config_reader *r, const struct yaml_node *key,
		      const struct yaml_node *value, void *data)
{
	struct signature_rule *rule = data;

	(void)key;
	if (strcmp(value->text, "same") == 0) {
		rule->name = SIGNATURE_SAME_NAME;
		return;
	}
	if (strcmp(value->text, "repository") == 0) {
		rule->name = SIGNATURE_REPOSITORY;
		return;
	}
	rule->name = SIGNATURE_OTHER_NAME;
	if (!name_parse(value->text, &rule->other) || rule->other.digest[0])
		diags_add(r->diags, value->where,
			  "name: expected same, repository, or a name in full such as "
			  "docker.io/library/debian");
	else if (!has_tag_or_digest(value->text))
		rule->other.tag[0] = '\0';
}

static const struct config_key rule_keys[] = {
	{ "keys", YAML_LIST, read_keys },
	{ "name", YAML_SCALAR, read_name },
	{ "need", YAML_SCALAR, read_need },
};

static void read_rule(struct config_reader *r, const struct yaml_node *value,
		      struct signature_rule *rule)
{
	rule->need = 1;
	if (value->kind == YAML_SCALAR && strcmp(value->text, "accept") == 0) {
		rule->demand = SIGNATURE_NONE;
	} else if (value->kind == YAML_SCALAR && strcmp(value->text, "refuse") == 0) {
		rule->demand = SIGNATURE_REFUSE;
	} else if (value->kind == YAML_MAP) {
		rule->demand = SIGNATURE_BY_KEYS;
		config_read_map(r, value, rule_keys, ARRAY_LEN(rule_keys), rule);
		if (rule->n_keys == 0)
			diags_add(r->diags, value->where, "expected keys: a list of files");
		else if (rule->need > rule->n_keys)
			diags_add(r->diags, value->where, "need: there are only %zu keys",
				  rule->n_keys);
	} else {
		diags_add(r->diags, value->where, "expected accept, refuse or a map with keys");
	}
}

/* HOST, or anything below one. */
static bool scope_is_valid(const char *text)
{
	char below[2 * IMAGE_NAME_MAX];
	struct image_ref ref = { 0 };

	if (strlen(text) > IMAGE_NAME_MAX + 1 + IMAGE_TAG_MAX)
		return false;
	if (strchr(text, '/') && has_tag_or_digest(text))
		return name_parse(text, &ref);
	/* What lies below it must be a name: that of a host is one only with a dot or a colon. */
	snprintf(below, sizeof(below), "%s/x/x", text);
	return name_parse(below, &ref);
}

static void read_fallback(struct config_reader *r, const struct yaml_node *value)
{
	struct signature_policy *policy = r->config;

	policy->fallback = (struct signature_rule){ .scope = "default" };
	read_rule(r, value, &policy->fallback);
}

static void read_images(struct config_reader *r, const struct yaml_node *value)
{
	struct signature_policy *policy = r->config;

	if (value->kind != YAML_MAP) {
		diags_add(r->diags, value->where, "images: expected a map");
		return;
	}
	policy->rules = arena_array(r->arena, value->n + 1, sizeof(*policy->rules));
	r->diags->out_of_memory |= !policy->rules;
	for (size_t i = 0; policy->rules && i < value->n; i++) {
		struct signature_rule *rule = &policy->rules[policy->n_rules++];

		*rule = (struct signature_rule){ .scope = value->keys[i].text };
		if (!scope_is_valid(rule->scope))
			diags_add(r->diags, value->keys[i].where,
				  "expected a name in full, from the registry on: HOST, "
				  "HOST/PATH, HOST/PATH:TAG");
		read_rule(r, &value->items[i], rule);
	}
}

static void read_root(struct config_reader *r, const struct yaml_node *root)
{
	for (size_t i = 0; i < root->n; i++) {
		if (strcmp(root->keys[i].text, "default") == 0)
			read_fallback(r, &root->items[i]);
		else if (strcmp(root->keys[i].text, "images") == 0)
			read_images(r, &root->items[i]);
		else
			diags_add(r->diags, root->keys[i].where, "unknown key \"%.60s\"",
				  root->keys[i].text);
	}
}

int signature_policy_parse(struct span text, const char *name, struct arena *arena,
			   struct signature_policy *ret, struct diags *diags)
{
	struct signature_policy policy = { .file = name, .fallback = { .scope = "default" } };
	int r = config_parse(text, name, read_root, arena, &policy, diags);

	if (r == 0)
		*ret = policy;
	return r;
}

static int parse_any(struct span text, const char *name, struct arena *arena, void *ret,
		     struct diags *diags)
{
	return signature_policy_parse(text, name, arena, ret, diags);
}

int signature_policies_read(struct arena *arena, struct signature_policies *ret,
			    struct diags *diags, struct err *err)
{
	struct config_paths paths = config_paths_of("signatures.yaml", arena);
	const char *const files[] = { paths.own, paths.system };

	*ret = (struct signature_policies){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int r = config_read_file(files[i], parse_any, arena, &ret->items[ret->n], diags,
					 err);

		if (r < 0)
			return r;
		ret->n += (size_t)r;
	}
	return 0;
}

/* Does the scope end where a part of the name does? The host, with its port, is one part. */
static bool holds_for(const char *scope, const char *name, size_t host)
{
	size_t n = strlen(scope);

	return n >= host && strncmp(name, scope, n) == 0 && strchr("/:@", name[n]);
}

const struct signature_rule *signature_rule_of(const struct signature_policy *policy,
					       const struct image_ref *ref)
{
	const struct signature_rule *best = &policy->fallback;
	size_t host = ref ? strlen(ref->domain) : 0;
	char names[2][3 * IMAGE_NAME_MAX];
	size_t longest = 0;

	if (!ref)
		return best;
	snprintf(names[0], sizeof(names[0]), "%s/%s:%s", ref->domain, ref->path, ref->tag);
	snprintf(names[1], sizeof(names[1]), "%s/%s@%s", ref->domain, ref->path, ref->digest);
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct signature_rule *rule = &policy->rules[i];

		if (strlen(rule->scope) > longest && (holds_for(rule->scope, names[0], host) ||
						      holds_for(rule->scope, names[1], host))) {
			best = rule;
			longest = strlen(rule->scope);
		}
	}
	return best;
}

static bool same_repository(const struct image_ref *a, const struct image_ref *b)
{
	return strcmp(a->domain, b->domain) == 0 && strcmp(a->path, b->path) == 0;
}

bool signature_name_fits(const struct signature_rule *rule, const struct image_ref *ref,
			 const char *signed_name)
{
	const struct image_ref *expected = rule->name == SIGNATURE_OTHER_NAME ? &rule->other : ref;
	struct image_ref name = { 0 };

	/* Some signers call docker.io so. */
	if (strncmp(signed_name, "index.docker.io/", 16) == 0)
		signed_name += strlen("index.");
	/* A name in full, as signers write it: a short one would mean another's docker.io. */
	if (!expected || !name_parse(signed_name, &name) || !same_repository(expected, &name))
		return false;
	if (rule->name == SIGNATURE_REPOSITORY || !expected->tag[0])
		return true;
	return has_tag_or_digest(signed_name) && strcmp(expected->tag, name.tag) == 0;
}

void signature_blame(const struct signature_policy *policy, const struct signature_rule *rule,
		     struct err *err)
{
	if (rule->scope)
		err_wrap(err, "%.100s: %.60s", policy->file, rule->scope);
	else
		err_wrap(err, "%.100s", policy->file);
}
