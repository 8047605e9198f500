/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PULL_H
#define IMMURE_RUNTIME_PULL_H

/* Bringing an image from a registry into the store. */

#include "runtime/image_choose.h"
#include "runtime/progress.h"
#include "runtime/registry_config.h"
#include "runtime/store.h"

struct pull_request {
	struct image_ref ref;
	struct image_platform platform;
	const struct registry_config *config;
	bool insecure;
	bool range; /* owners are a range of ids, not one */
	struct progress *progress;
};

/*
 * Pull: mirrors first, then the registry; by digest if the reference has one or is pinned.
 *
 *   store       locked for adding
 *   ret_digest  of the manifest, filled only on success
 *
 * Returns   0, -ENOENT, -EACCES, -EBADMSG (what came is not what was promised), -EFBIG and -E2BIG
 *           (limits), -errno. What came in whole stays and is used by the next try.
 */
must_check int pull_image(const struct pull_request *request, const struct store *store,
			  char ret_digest[STORE_DIGEST_LEN], struct err *err);

#endif
