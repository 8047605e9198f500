/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_FIND_H
#define IMMURE_RUNTIME_STORE_FIND_H

/* Finding an image, for the launcher too: a name, or a digest, to its record. */

#include "base/arena.h"
#include "runtime/image_record.h"
#include "runtime/image_ref.h"
#include "runtime/store.h"

#define STORE_SHORT_MIN 12 /* digits of a digest that stand for it */

/* The file below refs/ that holds a name. */
must_check int store_ref_file(const struct image_ref *reference, char ret[DIGEST_HEX_LEN],
			      struct err *err);

/*
 * What people mean by "debian:12", "debian@sha256:...", "sha256:..." or the first twelve or more
 * digits of a digest.
 *
 *   ret_digest  of the manifest
 *
 * Returns   0, -ENOENT (the store has no such image), -EINVAL (no name of an image; several fit).
 */
must_check int store_find_image(const struct store *store, const char *text,
				char ret_digest[STORE_DIGEST_LEN], struct err *err);

/*
 * Read the record of an image.
 *
 *   ret_fd  or NULL: keeps the record open, locked against removal while it is
 */
must_check int store_read_image(const struct store *store, const char *manifest,
				struct arena *arena, struct image_record *ret, int *ret_fd,
				struct err *err);

#endif
