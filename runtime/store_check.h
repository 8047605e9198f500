/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_CHECK_H
#define IMMURE_RUNTIME_STORE_CHECK_H

#include "base/arena.h"
#include "runtime/store.h"

struct store_fault {
	const char *what; /* digest of a blob, name of a layer's folder */
	const char *why;
	bool repaired;
};

struct store_faults {
	struct arena *arena; /* borrowed; owns the texts */
	size_t n, cap, left; /* left: not repaired */
	struct store_fault *items;
	uint32_t blobs, layers; /* that were looked at */
};

/*
 * Compare every blob with its digest, and every layer of every image with what its blob unpacks to:
 * names, types, modes, owners, times, contents.
 *
 *   repair  exchange a damaged layer, at once, for one that is unpacked anew; the store must be
 *           locked exclusively then
 *   ret     arena set; the rest is added
 *
 * Returns   0 however many faults there are, -errno when it could not be found out.
 */
must_check int store_check(const struct store *store, bool repair, struct store_faults *ret,
			   struct err *err);

#endif
