/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_LAYER_H
#define IMMURE_RUNTIME_STORE_LAYER_H

/*
 * A layer on its way into the store: its compressed bytes go through a pipe to immure-unpack, which
 * keeps them as a blob, checks them and unpacks them into a folder that nobody sees; at the end
 * both are published. Several may be on their way at once, one process each.
 */

#include <stdbool.h>
#include <stdint.h>

#include "runtime/store.h"
#include "runtime/unpack_call.h"

#define LAYER_BYTES_DEFAULT ((uint64_t)32 << 30)
#define LAYER_ENTRIES_DEFAULT ((uint64_t)1000000)
#define LAYER_FOLDER_LEN (DIGEST_HEX_LEN + 8) /* HEX.one or HEX.range */

struct layer_source {
	const char *digest;     /* of the compressed bytes; NULL: not known before */
	uint64_t size;          /* of them; 0: not known */
	const char *media_type; /* NULL: by the first bytes */
	const char *diff_id;    /* of the bytes inside; NULL: not known */
	const char *keep;       /* compress the blob by it if it is not: gzip, zstd; or NULL */
	uint64_t max_bytes, max_entries; /* 0: the defaults */
	int input;  /* bytes are read from here; -1: from a pipe that is made */
	bool range; /* owners are a range of ids, not one */
};

struct layer_feed {
	int fd;          /* write the compressed bytes here; -1: there is nothing to write */
	uint64_t offset; /* so many bytes are there already: begin behind them */
	struct unpack_job job;
	struct layer_source source; /* its texts point into the next three */
	char digest[STORE_DIGEST_LEN], diff_id[STORE_DIGEST_LEN];
	char staging[24];               /* name in tmp/ */
	int staging_fd, root_fd;        /* staging_fd holds the lock */
	int blob;                       /* what comes in; holds the lock of partial/HEX */
	char blob_name[DIGEST_HEX_LEN]; /* in partial/ if digest is known, else in tmp/ */
	bool blob_is_partial;
};

#define LAYER_FEED_NONE                                                                       \
	{                                                                                     \
		.fd = -1, .job = UNPACK_JOB_NONE, .staging_fd = -1, .root_fd = -1, .blob = -1 \
	}

struct layer_result {
	char digest[STORE_DIGEST_LEN]; /* of the compressed bytes */
	char diff_id[STORE_DIGEST_LEN];
	uint64_t size;
	const char *media_type; /* a constant: of OCI's */
};

/* The media type of a layer's file by its first bytes: a constant. */
must_check int layer_media_type(int fd, const char **ret, struct err *err);

/* What OCI calls a layer of this media type, Docker's names too: a constant, or NULL. */
const char *layer_oci_type(const char *media_type);

/* "one" or "range": what the folder of a layer ends with. */
void layer_folder(const char *diff_id, bool range, char ret[LAYER_FOLDER_LEN]);
bool layer_is_there(const struct store *store, const char *diff_id, bool range);

/* What immure-unpack noted of an unpacked layer: flat lines, see runtime/unpack_layer.c. */
must_check int layer_record(const struct store *store, const char *diff_id, bool range,
			    struct strbuf *ret, struct err *err);

/*
 * Begin to bring a layer in. The store must be locked.
 *
 *   ret  LAYER_FEED_NONE before; filled when 0 is returned; ended by layer_end() or layer_cancel()
 *
 * Returns   0, 1 (blob and folder are there: nothing to do), 2 (another process is bringing it: go
 *           on with other layers, and begin again later; with `wait`, this waits instead),
 *           -EINVAL (unknown media type, a digest that is none), -errno.
 */
must_check int layer_begin(const struct store *store, const struct layer_source *source, bool wait,
			   struct layer_feed *ret, struct err *err);

/*
 * No more bytes come: wait until all is checked, write it to disk and publish it.
 *
 *   ret  or NULL
 *
 * Returns   0, -EBADMSG (digest, size or diffID are others, or no readable layer), -EFBIG, -E2BIG
 *           (limits), -ENOSPC, ... Nothing stays behind then.
 */
must_check int layer_end(const struct store *store, struct layer_feed *feed,
			 struct layer_result *ret, struct err *err);

/*
 * Unpack a layer's blob into a folder of tmp/, and leave it there with its record: for comparing
 * and exchanging. Ended by layer_cancel().
 *
 * Returns   0, -ENOENT (no blob), or as layer_end().
 */
must_check int layer_unpack_again(const struct store *store, const struct layer_source *source,
				  struct layer_feed *ret, struct err *err);

/* Give up. What came in stays for the next try if its digest is known. A no-op on NONE. */
void layer_cancel(const struct store *store, struct layer_feed *feed);

#endif
