/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PULL_H
#define IMMURE_RUNTIME_PULL_H

/* Bringing an image from a registry into the store. */

#include "runtime/image_choose.h"
#include "runtime/progress.h"
#include "runtime/registry_config.h"
#include "runtime/signature_check.h"
#include "runtime/store.h"

struct pull_request {
	struct image_ref ref;
	struct image_platform platform;
	const struct registry_config *config;
	const struct signature_policies *policies;
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
 * Nothing but the manifest is fetched before the signatures that are demanded have been found good.
 *
 * Returns   0, -ENOENT, -EACCES, -EBADMSG (what came is not what was promised), -EFBIG and -E2BIG
 *           (limits), -errno. What came in whole stays and is used by the next try.
 */
must_check int pull_image(const struct pull_request *request, const struct store *store,
			  char ret_digest[STORE_DIGEST_LEN], struct err *err);

/*
 * Check the signatures of an image as pull_image() does, and fetch no more of it.
 *
 *   request     range and progress mean nothing
 *   ret         whose signatures counted; in arena
 *   ret_digest  of the manifest that would be pulled
 */
must_check int pull_verify(const struct pull_request *request, struct arena *arena,
			   struct signatures_taken *ret, char ret_digest[STORE_DIGEST_LEN],
			   struct err *err);

#endif
