/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LAYER_MAKE_H
#define IMMURE_RUNTIME_LAYER_MAKE_H

/* A folder of this machine as a new layer of the store, packed and unpacked. */

#include "runtime/store_layer.h"
#include "runtime/tar_tree.h"

struct layer_tree {
	int dir;      /* the folder */
	bool foreign; /* its files may lack rights, or belong to subordinate ids: see userns_call.h
		       */
	struct tar_rules rules;     /* how it is written; owners are seen to here */
	struct layer_source source; /* range and limits; the rest is not known before */
};

/*
 * Write the folder as an archive and bring that in by the way of every layer: immure-unpack reads
 * it, confined. The store must be locked.
 *
 * Returns   0, or what tar_write_tree() or layer_end() return; nothing stays behind then.
 * Effects   a child process that writes
 */
must_check int layer_make(const struct store *store, const struct layer_tree *tree,
			  struct layer_result *ret, struct err *err);

#endif
