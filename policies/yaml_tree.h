/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_YAML_TREE_H
#define IMMURE_POLICIES_YAML_TREE_H

#include "base/text.h"
#include "policies/policy.h"

enum yaml_kind {
	YAML_SCALAR,
	YAML_LIST,
	YAML_MAP
};

/* A node and where it was written. All memory is the arena's. */
struct yaml_node {
	enum yaml_kind kind;
	struct where where;
	const char *text; /* scalar */
	const char *why;  /* what follows "# why:" on the line where the scalar ends, or NULL */
	size_t n, cap;
	struct yaml_node *items; /* list, or the values of a map */
	struct yaml_node *keys;  /* map: scalars, one for each item */
};

/*
 * Read the strict subset of policy(5): no anchors, aliases, tags, flow maps (but JSON), duplicate
 * keys or several documents; depth at most 8; every scalar is a string.
 *
 *   text  not trusted
 *   ret   filled only on success
 *
 * Returns   0, or -EINVAL with at least one entry in diags, -ENOMEM.
 */
must_check int yaml_tree_read(struct span text, const char *name, struct arena *arena,
			      struct yaml_node *ret, struct diags *diags);

/* The value of a key, or NULL. */
const struct yaml_node *yaml_find(const struct yaml_node *in, const char *key);

#endif
