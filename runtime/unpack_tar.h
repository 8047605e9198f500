/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_TAR_H
#define IMMURE_RUNTIME_UNPACK_TAR_H

/* libarchive's reader of tar over a stream of ours. In immure-unpack only. */

#include <archive.h>
#include <archive_entry.h>

#include "base/err.h"
#include "runtime/unpack_stream.h"
#include "runtime/unpack_tree.h"

struct tar {
	struct archive *archive;
	struct stream *stream; /* borrowed */
	struct err failure;    /* of the stream, told through libarchive's callback */
};

must_check int tar_open(struct tar *tar, struct stream *stream, struct err *err);
void tar_close(struct tar *tar);

/*
 * The next entry.
 *
 *   ret        owned by the reader until the next call
 *   ret_plain  the same as plain data; its texts too
 *
 * Returns   1, 0 (end of the archive), -EBADMSG (no tar, damaged), or the stream's error.
 */
must_check int tar_next(struct tar *tar, struct archive_entry **ret, struct entry *ret_plain,
			struct err *err);

/* The next block of a file's bytes. Returns 1, 0 (end), or as above. */
must_check int tar_block(struct tar *tar, const void **ret, size_t *ret_n, uint64_t *ret_offset,
			 struct err *err);

#endif
