/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_CLEAN_H
#define IMMURE_RUNTIME_STORE_CLEAN_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/store.h"

struct store_freed {
	uint64_t bytes; /* of blobs and of files in layers, as the store knows them */
	uint32_t blobs, layers, others;
};

/*
 * Remove what no image of the store needs. The store must be locked exclusively.
 *
 *   keep_partial  layers that came in half stay, so that a pull can go on
 *
 * Returns   0, or -EBADMSG (a record of an image is damaged: nothing was removed), -errno.
 */
must_check int store_collect(const struct store *store, bool keep_partial, struct store_freed *ret,
			     struct err *err);

/*
 * Remove a folder that immure-unpack has filled.
 *
 *   range  its files belong to subordinate ids: it is done where they are ours
 */
must_check int store_remove_tree(int dir, const char *name, bool range, struct err *err);

#endif
