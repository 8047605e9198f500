/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/config_file.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"

void config_read_map(struct config_reader *r, const struct yaml_node *map,
		     const struct config_key *keys, size_t n, void *data)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *name = &map->keys[i];
		const struct config_key *key = NULL;

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

int config_parse(struct span text, const char *name, config_read_root_fn read, struct arena *arena,
		 void *config, struct diags *diags)
{
	struct config_reader r = { .arena = arena, .diags = diags, .config = config };
	struct yaml_node root = { 0 };
	int result = yaml_tree_read(text, name, arena, &root, diags);

	if (result < 0)
		return result;
	if (root.kind == YAML_MAP)
		read(&r, &root);
	else
		diags_add(diags, root.where, "expected a map");
	if (diags->out_of_memory)
		return -ENOMEM;
	return diags->n > 0 ? -EINVAL : 0;
}

int config_read_file(const char *path, config_parse_fn parse, struct arena *arena, void *ret,
		     struct diags *diags, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err absent = { 0 };
	int r = path ? fd_read_file(AT_FDCWD, path, CONFIG_FILE_MAX, &text, &absent) : -ENOENT;

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		*err = absent;
		return r;
	}
	r = parse((struct span){ strbuf_str(&text), text.len }, path, arena, ret, diags);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	return r < 0 ? err_set(err, -r, "%s is faulty", path) : 1;
}
