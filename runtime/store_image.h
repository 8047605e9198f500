/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_IMAGE_H
#define IMMURE_RUNTIME_STORE_IMAGE_H

/* Images of the store: which there are, and by what names. */

#include "base/arena.h"
#include "base/strbuf.h"
#include "runtime/image_record.h"
#include "runtime/image_ref.h"
#include "runtime/store.h"

/*
 * Make an image of what is in the store: its manifest, its configuration, all its layers. Checks
 * that they fit together, and writes its record; then the name, if there is one, means it.
 *
 *   manifest   digest
 *   reference  or NULL
 *   range      which folders of the layers must be there
 *
 * Returns   0, -EBADMSG (they do not fit together: as many diffIDs as layers, an unknown media type
 *           ...), -ENOENT (a blob or folder is missing), -errno.
 */
must_check int image_add(const struct store *store, const char *manifest,
			 const struct image_ref *reference, bool range, struct err *err);

/*
 * The same, and note in the record who vouches for the image.
 *
 *   signed_by  texts "KEY-DIGEST PAYLOAD-DIGEST NAME"; those of an earlier time stay
 */
must_check int image_add_signed(const struct store *store, const char *manifest,
				const struct image_ref *reference, bool range,
				const struct image_texts *signed_by, struct err *err);

/* Let a name mean an image that is there. Replaces what it meant. */
must_check int image_tag(const struct store *store, const struct image_ref *reference,
			 const char *manifest, struct err *err);

/* A name no longer means anything. -ENOENT if it did not. */
must_check int image_untag(const struct store *store, const struct image_ref *reference,
			   struct err *err);

struct image_name {
	const char *reference; /* canonical text */
	const char *manifest;  /* digest */
};

/* All names, in order of text. Returns how many. */
must_check int image_names(const struct store *store, struct arena *arena, struct image_name **ret,
			   struct err *err);

/* The digests of the manifests of all images, named or not. Returns how many. */
must_check int image_digests(const struct store *store, struct arena *arena, const char ***ret,
			     struct err *err);

/*
 * Take a name away, and with the last name of an image the image.
 *
 * Returns   0, 1 (the image has other names and stays), -EBUSY (a run or a kept layer uses it),
 * -ENOENT.
 */
must_check int image_remove(const struct store *store, const struct image_ref *reference,
			    const char *manifest, struct err *err);

/*
 * Remove the record of an image that no name means: what it is made of is garbage then, unless
 * other images share it.
 *
 * Returns   0, -EBUSY (a run or a kept layer uses it), -ENOENT.
 */
must_check int image_forget(const struct store *store, const char *manifest, struct err *err);

#endif
