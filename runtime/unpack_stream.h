/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_STREAM_H
#define IMMURE_RUNTIME_UNPACK_STREAM_H

/*
 * The bytes of a layer: read, kept as a blob, hashed, decompressed and hashed again, in one pass
 * through two buffers. In immure-unpack only.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/digest.h"
#include "base/err.h"

enum compression {
	COMPRESSION_AUTO, /* by its first bytes */
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_XZ,
};

/* -EINVAL for an unknown name: "auto", "none", "gzip", "zstd", "xz". */
must_check int compression_parse(const char *name, enum compression *ret, struct err *err);

struct stream_source {
	int fd;   /* where the bytes come from */
	int blob; /* keeps them; what it holds already is read first; -1: none */
	enum compression compression; /* other bytes than these are refused */
	enum compression
		keep;     /* compress what is kept, if it is not: GZIP or ZSTD; else as it comes */
	uint64_t in_max;  /* compressed bytes; 0: any number */
	uint64_t out_max; /* decompressed bytes */
};

struct stream;

/* On the heap; ended by stream_free(). */
must_check int stream_new(const struct stream_source *source, struct stream **ret, struct err *err);
void stream_free(struct stream *stream);

/*
 * The next decompressed bytes.
 *
 *   ret  points into the stream's buffer until the next call
 *
 * Returns   how many, 0 at the end, or -EBADMSG (damaged, cut short, other compression), -EFBIG
 *           (more than out_max, or a bomb: see the file), -EIO, ...
 */
must_check ssize_t stream_read(struct stream *stream, const void **ret, struct err *err);

/* What came in; of what was compressed for the blob, what is kept. */
struct stream_end {
	uint64_t in_bytes, out_bytes;
	char in_digest[DIGEST_HEX_LEN], out_digest[DIGEST_HEX_LEN];
	const char *compression;
};

/* Read what is left, if anything, and tell the digests. */
must_check int stream_finish(struct stream *stream, struct stream_end *ret, struct err *err);

/* Compressed bytes so far, for the bar that shows progress. */
uint64_t stream_position(const struct stream *stream);

#endif
