/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_LOAD_H
#define IMMURE_RUNTIME_IMAGE_LOAD_H

#include "runtime/image_record.h"
#include "runtime/image_ref.h"
#include "runtime/layout.h"
#include "runtime/progress.h"

struct load_request;

/*
 * May an image come in? Asked before anything of it is unpacked.
 *
 *   digests     of it, or of the index that leads to it: one is enough; NULL-terminated; none: of
 *               an archive that knows of no manifest
 *   name        or NULL: it gets none
 *   ret_signed  who vouches for it, for its record; in request->arena
 *
 * Returns   0, -EACCES (stage ERR_TRUST), -errno.
 */
typedef int (*load_judge_fn)(const struct load_request *request, const struct layout *layout,
			     const char *const *digests, const struct image_ref *name,
			     struct image_texts *ret_signed, struct err *err);

struct load_request {
	const struct image_ref *name;    /* or NULL: the names that the layout gives */
	const char *os, *arch;           /* of several images for several machines: this one */
	bool range;                      /* owners are a range of ids */
	uint64_t max_bytes, max_entries; /* of a layer; 0: the defaults */
	struct progress *progress;
	load_judge_fn judge;                       /* or NULL: everything may */
	const struct signature_policies *policies; /* for it */
	struct arena *arena;
};

struct loaded {
	char manifest[STORE_DIGEST_LEN];
	const char *reference; /* canonical, or NULL: it has no name */
};

/*
 * Bring every image of an OCI layout or of an archive of `docker save` into the store, which must
 * be locked.
 *
 *   ret, ret_n  what came in, in arena
 *
 * Returns   0, -EBADMSG (damaged, contradictory), -ENOENT (no image for this machine, a missing
 *           blob), -EINVAL (neither of the two; a name that is none), -errno.
 */
must_check int image_load(const struct store *store, const struct layout *layout,
			  const struct load_request *request, struct arena *arena,
			  struct loaded **ret, size_t *ret_n, struct err *err);

#endif
