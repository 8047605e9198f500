/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_SAVE_H
#define IMMURE_RUNTIME_IMAGE_SAVE_H

/*
 * Images of the store for other tools, their blobs as they came in. The same images give the same
 * bytes. Source: OCI image-spec 1.1, image-layout.md; for docker-archive what `docker load` reads.
 */

#include "base/arena.h"
#include "runtime/store.h"

enum save_format {
	SAVE_OCI,            /* a tar archive of an OCI layout */
	SAVE_OCI_DIR,        /* the layout as a folder */
	SAVE_DOCKER_ARCHIVE, /* manifest.json, configurations, layers in a tar archive */
};

struct save_image {
	const char *manifest; /* digest */
	const char *name;     /* canonical, with a tag; or NULL */
};

/*
 * Write images. The store must be locked.
 *
 *   out  descriptor of a file or pipe, or of an empty folder for SAVE_OCI_DIR; not synced
 *
 * Returns   0, -EBADMSG (a blob is damaged), -errno.
 */
must_check int image_save(const struct store *store, const struct save_image *images, size_t n,
			  enum save_format format, int out, struct err *err);

#endif
