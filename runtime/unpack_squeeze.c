/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by isa-l, zstd by its own library. Source: RFC 1952, RFC 8878. */
#include "runtime/unpack_squeeze.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "runtime/hash.h"

#define BUFFER ((size_t)256 << 10)
#define ZSTD_LEVEL 3
#define GZIP_LEVEL ISAL_DEF_MAX_LEVEL

struct squeeze {
	int fd;
	uint64_t bytes; /* written */
	struct hash *hash;
	struct isal_zstream *gzip; /* or NULL: zstd */
	uint8_t *gzip_level;       /* its working memory */
	ZSTD_CStream *zstd;
	uint8_t out[BUFFER];
};

static int start_gzip(struct squeeze *s, struct err *err)
{
	s->gzip = aligned_alloc(64, (sizeof(*s->gzip) + 63) / 64 * 64);
	s->gzip_level = malloc(ISAL_DEF_LVL3_DEFAULT);
	if (!s->gzip || !s->gzip_level)
		return err_set(err, ENOMEM, "out of memory");
	isal_deflate_init(s->gzip);
	s->gzip->gzip_flag = IGZIP_GZIP;
	s->gzip->level = GZIP_LEVEL;
	s->gzip->level_buf = s->gzip_level;
	s->gzip->level_buf_size = ISAL_DEF_LVL3_DEFAULT;
	return 0;
}

static int start_zstd(struct squeeze *s, struct err *err)
{
	s->zstd = ZSTD_createCStream();
	if (!s->zstd ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1)))
		return err_set(err, ENOMEM, "cannot set up zstd");
	return 0;
}

int squeeze_new(int out, bool zstd, struct squeeze **ret, struct err *err)
{
	struct squeeze *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(err, ENOMEM, "out of memory");
	s->fd = out;
	s->hash = hash_new();
	if (!s->hash)
		r = err_set(err, EIO, "cannot set up SHA-256");
	else
		r = zstd ? start_zstd(s, err) : start_gzip(s, err);
	if (r < 0) {
		squeeze_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void squeeze_free(struct squeeze *squeeze)
{
	if (!squeeze)
		return;
	hash_free(squeeze->hash);
	ZSTD_freeCStream(squeeze->zstd);
	free(squeeze->gzip_level);
	free(squeeze->gzip);
	free(squeeze);
}

static int flush(struct squeeze *s, size_t n, struct err *err)
{
	int r = fd_write_all(s->fd, s->out, n);

	if (r < 0)
		return err_sys(err, -r, "cannot keep the layer");
	s->bytes += n;
	return hash_add(s->hash, s->out, n) ? 0 : err_set(err, EIO, "cannot hash");
}

static int add_gzip(struct squeeze *s, const void *bytes, size_t n, bool last, struct err *err)
{
	s->gzip->next_in = (uint8_t *)(uintptr_t)bytes;
	s->gzip->avail_in = (uint32_t)n;
	s->gzip->end_of_stream = last;
	do {
		int r;

		s->gzip->next_out = s->out;
		s->gzip->avail_out = BUFFER;
		if (isal_deflate(s->gzip) != COMP_OK)
			return err_set(err, EIO, "cannot compress the layer");
		r = flush(s, BUFFER - s->gzip->avail_out, err);
		if (r < 0)
			return r;
	} while (s->gzip->avail_out == 0 || s->gzip->avail_in > 0);
	return 0;
}

static int add_zstd(struct squeeze *s, const void *bytes, size_t n, bool last, struct err *err)
{
	ZSTD_inBuffer in = { bytes, n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { s->out, BUFFER, 0 };
		int r;

		left = ZSTD_compressStream2(s->zstd, &out, &in,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return err_set(err, EIO, "cannot compress the layer: %s",
				       ZSTD_getErrorName(left));
		r = flush(s, out.pos, err);
		if (r < 0)
			return r;
	} while (in.pos < in.size || (last && left > 0));
	return 0;
}

static int add(struct squeeze *s, const void *bytes, size_t n, bool last, struct err *err)
{
	return s->gzip ? add_gzip(s, bytes, n, last, err) : add_zstd(s, bytes, n, last, err);
}

int squeeze_add(struct squeeze *squeeze, const void *bytes, size_t n, struct err *err)
{
	return add(squeeze, bytes, n, false, err);
}

int squeeze_end(struct squeeze *squeeze, char ret_digest[DIGEST_HEX_LEN], uint64_t *ret_bytes,
		struct err *err)
{
	int r = add(squeeze, NULL, 0, true, err);

	if (r < 0)
		return r;
	if (!hash_end(squeeze->hash, ret_digest))
		return err_set(err, EIO, "cannot hash");
	*ret_bytes = squeeze->bytes;
	return 0;
}
