/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PUSH_H
#define IMMURE_RUNTIME_PUSH_H

/* Sending an image of the store to a registry, byte for byte as it came or was made. */

#include "runtime/image_ref.h"
#include "runtime/progress.h"
#include "runtime/registry_config.h"
#include "runtime/store.h"

struct push_request {
	const char *manifest;  /* digest of what is sent */
	struct image_ref from; /* what it is called here */
	struct image_ref to;
	const struct registry_config *config;
	const char *sign_by; /* a private key: sign it, too; or NULL */
	bool insecure;
	struct progress *progress;
};

/*
 * Push: what the registry has already is not sent again.
 *
 *   store  locked, so that nothing is collected meanwhile
 *
 * Returns   0, -ENOENT (a blob is missing), -EACCES, -EBADMSG, -errno.
 */
must_check int push_image(const struct push_request *request, const struct store *store,
			  struct err *err);

#endif
