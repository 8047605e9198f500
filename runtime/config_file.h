/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CONFIG_FILE_H
#define IMMURE_RUNTIME_CONFIG_FILE_H

/* What files of settings have in common: maps whose keys are rows of a table. */

#include "base/err.h"
#include "policies/yaml_tree.h"
#include "runtime/config_paths.h"

#define CONFIG_FILE_MAX ((size_t)1 << 20)

struct config_reader {
	struct arena *arena;
	struct diags *diags;
	void *config; /* what is being read */
};

typedef void (*config_read_fn)(struct config_reader *r, const struct yaml_node *key,
			       const struct yaml_node *value, void *data);

struct config_key {
	const char *name;
	enum yaml_kind kind;
	config_read_fn read;
};

/* Read each member of a map by the row that has its name; others are faults. */
void config_read_map(struct config_reader *r, const struct yaml_node *map,
		     const struct config_key *keys, size_t n, void *data);

/*
 * What a parser of such a text does around its own reading.
 *
 *   read  is called with the root, a map; config is its, too
 *
 * Returns   0, -EINVAL (diags holds at least one), -ENOMEM.
 */
typedef void (*config_read_root_fn)(struct config_reader *r, const struct yaml_node *root);
must_check int config_parse(struct span text, const char *name, config_read_root_fn read,
			    struct arena *arena, void *config, struct diags *diags);

/*
 * Read a file whole and hand its text to parse().
 *
 * Returns   1, 0 (no such file), or -EINVAL (faults are in diags, or err is filled), -ENOMEM,
 *           -errno.
 */
typedef int (*config_parse_fn)(struct span text, const char *name, struct arena *arena, void *ret,
			       struct diags *diags);
must_check int config_read_file(const char *path, config_parse_fn parse, struct arena *arena,
				void *ret, struct diags *diags, struct err *err);

#endif
