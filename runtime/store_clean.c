/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store_clean.h"

#include "base/fd.h"
#include "runtime/userns_call.h"

struct tree_name {
	int dir;
	const char *name;
};

static int remove_tree(void *data, struct err *err)
{
	const struct tree_name *tree = data;

	return fd_remove_tree(tree->dir, tree->name, err);
}

int store_remove_tree(int dir, const char *name, bool range, struct err *err)
{
	struct tree_name tree = { .dir = dir, .name = name };

	return range ? userns_call(remove_tree, &tree, err) : remove_tree(&tree, err);
}
