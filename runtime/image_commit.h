/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_COMMIT_H
#define IMMURE_RUNTIME_IMAGE_COMMIT_H

/* New images: of what a run has written on top of one, and of an archive or folder alone. */

#include "runtime/image_ref.h"
#include "runtime/options.h"
#include "runtime/store.h"

struct commit_request {
	const struct image_ref *name;
	const struct opt_list *changes;  /* see image_change.h */
	const char *message, *author;    /* or NULL */
	int64_t created;                 /* seconds since 1970 */
	const char *compression;         /* of the layer: none, gzip, zstd */
	bool is_fixed;                   /* no file is newer than `created` */
	bool range;                      /* import: owners are a range of ids */
	uint64_t max_bytes, max_entries; /* of the layer; 0: the defaults */
};

/*
 * Make an image of a run's kept layer and the image below it. The store must be locked.
 *
 *   id  of the run
 *   ret_digest  of the manifest
 *
 * Returns   0, -ENOENT, -EBUSY (the run goes on), -EINVAL (a change that is none; a name that no
 *           layer can hold), -errno. Nothing but garbage stays behind then.
 */
must_check int image_commit(const struct store *store, const char *id,
			    const struct commit_request *request, char ret_digest[STORE_DIGEST_LEN],
			    struct err *err);

/*
 * Make an image of one layer.
 *
 *   input  a folder, or a file or pipe with a tar archive, compressed or not
 */
must_check int image_import(const struct store *store, int input,
			    const struct commit_request *request, char ret_digest[STORE_DIGEST_LEN],
			    struct err *err);

#endif
