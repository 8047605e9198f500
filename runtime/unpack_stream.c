/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip by isa-l's igzip, which takes a quarter of zlib's time; zstd and xz by their own libraries.
 * A bomb is refused by what it unpacks to: beyond BOMB_FREE bytes, more than BOMB_RATIO times what
 * came in. Source: RFC 1952, RFC 8878.
 */
#include "runtime/unpack_stream.h"

#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fd.h"
#include "runtime/hash.h"
#include "runtime/unpack_squeeze.h"

#define BUFFER ((size_t)256 << 10)
#define BOMB_FREE ((uint64_t)512 << 20)
#define BOMB_RATIO 100
#define ZSTD_WINDOW_LOG 24 /* 16 MiB: a decoder that asks for more is refused */
#define XZ_MEMORY ((uint64_t)96 << 20)

struct stream {
	struct stream_source source;
	struct inflate_state *gzip;
	ZSTD_DStream *zstd;
	lzma_stream xz;
	struct squeeze *squeeze; /* of what is kept; or NULL */
	struct hash *in_hash, *out_hash;
	uint64_t in_bytes, out_bytes;
	size_t in_at, in_end; /* bytes at..end-1 of `in` wait */
	bool in_eof;          /* nothing more comes in */
	bool blob_done;       /* what the blob held has been read */
	bool is_open;         /* a compressed frame has begun and has not ended */
	bool started;
	uint8_t in[BUFFER], out[BUFFER];
};

static const char *const compressions[] = {
	[COMPRESSION_AUTO] = "auto", [COMPRESSION_NONE] = "none", [COMPRESSION_GZIP] = "gzip",
	[COMPRESSION_ZSTD] = "zstd", [COMPRESSION_XZ] = "xz",
};

int compression_parse(const char *name, enum compression *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(compressions); i++) {
		if (strcmp(name, compressions[i]) == 0) {
			*ret = (enum compression)i;
			return 0;
		}
	}
	return err_set(err, EINVAL, "unknown compression %.20s", name);
}

int stream_new(const struct stream_source *source, struct stream **ret, struct err *err)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ENOMEM, "out of memory");
	s->source = *source;
	s->blob_done = source->blob < 0;
	s->in_hash = hash_new();
	s->out_hash = hash_new();
	if (!s->in_hash || !s->out_hash) {
		stream_free(s);
		return err_set(err, ENOMEM, "cannot set up SHA-256");
	}
	*ret = s;
	return 0;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	hash_free(stream->in_hash);
	hash_free(stream->out_hash);
	ZSTD_freeDStream(stream->zstd);
	lzma_end(&stream->xz);
	squeeze_free(stream->squeeze);
	free(stream->gzip);
	free(stream);
}

static enum compression detect(const uint8_t *p, size_t n)
{
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return COMPRESSION_GZIP;
	if (n >= sizeof(zstd) && memcmp(p, zstd, sizeof(zstd)) == 0)
		return COMPRESSION_ZSTD;
	/* A skippable frame, RFC 8878 3.1.2. */
	if (n >= 4 && (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18)
		return COMPRESSION_ZSTD;
	if (n >= sizeof(xz) && memcmp(p, xz, sizeof(xz)) == 0)
		return COMPRESSION_XZ;
	return COMPRESSION_NONE;
}

/* What comes in is kept, as it is or compressed: the first bytes tell. */
static int keep(struct stream *s, const uint8_t *bytes, size_t n, struct err *err)
{
	int r;

	if (s->in_bytes == 0 && s->source.keep > COMPRESSION_NONE &&
	    detect(bytes, n) == COMPRESSION_NONE) {
		r = squeeze_new(s->source.blob, s->source.keep == COMPRESSION_ZSTD, &s->squeeze,
				err);
		if (r < 0)
			return r;
	}
	if (s->squeeze)
		return squeeze_add(s->squeeze, bytes, n, err);
	r = fd_write_all(s->source.blob, bytes, n);
	return r < 0 ? err_sys(err, -r, "cannot keep the layer") : 0;
}

/* From the blob first, as far as it goes; from then on what is read is also written to it. */
static ssize_t read_more(struct stream *s, uint8_t *to, size_t n, struct err *err)
{
	ssize_t got;
	int r;

	if (!s->blob_done) {
		got = fd_read_full(s->source.blob, to, n);
		if (got < 0)
			return err_sys(err, (int)-got, "cannot read what was kept");
		if (got > 0)
			return got;
		s->blob_done = true;
	}
	got = fd_read_full(s->source.fd, to, n);
	if (got < 0)
		return err_sys(err, (int)-got, "cannot read the layer");
	r = s->source.blob >= 0 && got > 0 ? keep(s, to, (size_t)got, err) : 0;
	return r < 0 ? r : got;
}

/* Make sure that there is input unless it has ended. */
static int fill(struct stream *s, struct err *err)
{
	ssize_t got;

	if (s->in_at < s->in_end || s->in_eof)
		return 0;
	got = read_more(s, s->in, BUFFER, err);
	if (got < 0)
		return (int)got;
	s->in_at = 0;
	s->in_end = (size_t)got;
	s->in_eof = got == 0;
	s->in_bytes += (uint64_t)got;
	if (s->source.in_max > 0 && s->in_bytes > s->source.in_max)
		return err_set(err, EFBIG, "more than the %llu bytes that were announced",
			       (unsigned long long)s->source.in_max);
	if (!hash_add(s->in_hash, s->in, s->in_end))
		return err_set(err, EIO, "cannot hash");
	return 0;
}

static int start_decoder(struct stream *s, struct err *err)
{
	switch (s->source.compression) {
	case COMPRESSION_GZIP:
		s->gzip = aligned_alloc(64, (sizeof(*s->gzip) + 63) / 64 * 64);
		if (!s->gzip)
			return err_set(err, ENOMEM, "out of memory");
		isal_inflate_init(s->gzip);
		s->gzip->crc_flag = ISAL_GZIP;
		return 0;
	case COMPRESSION_ZSTD:
		s->zstd = ZSTD_createDStream();
		if (!s->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax,
								    ZSTD_WINDOW_LOG)))
			return err_set(err, ENOMEM, "cannot set up zstd");
		return 0;
	case COMPRESSION_XZ:
		if (lzma_stream_decoder(&s->xz, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
			return err_set(err, ENOMEM, "cannot set up xz");
		return 0;
	case COMPRESSION_AUTO:
	case COMPRESSION_NONE:
		break;
	}
	return 0;
}

static int start(struct stream *s, struct err *err)
{
	enum compression seen;
	int r = fill(s, err);

	if (r < 0)
		return r;
	s->started = true;
	seen = detect(s->in, s->in_end);
	if (s->source.compression == COMPRESSION_AUTO)
		s->source.compression = seen;
	else if (s->source.compression != seen && s->in_end > 0)
		return err_set(err, EBADMSG,
			       "the bytes are compressed otherwise than their media type says");
	return start_decoder(s, err);
}

static ssize_t damaged(struct err *err, const char *what, int code)
{
	return err_set(err, EBADMSG, "damaged %s data (%d)", what, code);
}

static ssize_t next_plain(struct stream *s)
{
	size_t n = s->in_end - s->in_at;

	memcpy(s->out, s->in + s->in_at, n);
	s->in_at = s->in_end;
	return (ssize_t)n;
}

static ssize_t next_gzip(struct stream *s, struct err *err)
{
	struct inflate_state *z = s->gzip;
	int r;

	if (z->block_state == ISAL_BLOCK_FINISH) { /* one more member, RFC 1952 2.2 */
		isal_inflate_reset(z);
		z->crc_flag = ISAL_GZIP;
	}
	z->next_in = s->in + s->in_at;
	z->avail_in = (uint32_t)(s->in_end - s->in_at);
	z->next_out = s->out;
	z->avail_out = BUFFER;
	r = isal_inflate(z);
	if (r < 0 || r == ISAL_NEED_DICT)
		return damaged(err, "gzip", r);
	s->in_at = s->in_end - z->avail_in;
	s->is_open = z->block_state != ISAL_BLOCK_FINISH;
	return (ssize_t)(BUFFER - z->avail_out);
}

static ssize_t next_zstd(struct stream *s, struct err *err)
{
	ZSTD_inBuffer in = { s->in, s->in_end, s->in_at };
	ZSTD_outBuffer out = { s->out, BUFFER, 0 };
	size_t r = ZSTD_decompressStream(s->zstd, &out, &in);

	if (ZSTD_isError(r))
		return err_set(err, EBADMSG, "damaged zstd data: %s", ZSTD_getErrorName(r));
	s->in_at = in.pos;
	s->is_open = r != 0;
	return (ssize_t)out.pos;
}

static ssize_t next_xz(struct stream *s, struct err *err)
{
	lzma_ret r;

	s->xz.next_in = s->in + s->in_at;
	s->xz.avail_in = s->in_end - s->in_at;
	s->xz.next_out = s->out;
	s->xz.avail_out = BUFFER;
	r = lzma_code(&s->xz, s->in_eof ? LZMA_FINISH : LZMA_RUN);
	if (r != LZMA_OK && r != LZMA_STREAM_END)
		return damaged(err, "xz", (int)r);
	s->in_at = s->in_end - s->xz.avail_in;
	s->is_open = r != LZMA_STREAM_END;
	return (ssize_t)(BUFFER - s->xz.avail_out);
}

static ssize_t next_bytes(struct stream *s, struct err *err)
{
	switch (s->source.compression) {
	case COMPRESSION_GZIP:
		return next_gzip(s, err);
	case COMPRESSION_ZSTD:
		return next_zstd(s, err);
	case COMPRESSION_XZ:
		return next_xz(s, err);
	case COMPRESSION_AUTO:
	case COMPRESSION_NONE:
		break;
	}
	return next_plain(s);
}

static int check_size(const struct stream *s, struct err *err)
{
	if (s->out_bytes > s->source.out_max)
		return err_set(err, EFBIG, "it unpacks to more than the limit of %llu bytes",
			       (unsigned long long)s->source.out_max);
	if (s->out_bytes > BOMB_FREE && s->out_bytes / BOMB_RATIO > s->in_bytes)
		return err_set(err, EFBIG,
			       "it unpacks to more than %d times its size: taken for a bomb",
			       BOMB_RATIO);
	return 0;
}

ssize_t stream_read(struct stream *stream, const void **ret, struct err *err)
{
	ssize_t n = 0;
	int r = stream->started ? 0 : start(stream, err);

	while (r == 0 && n == 0) {
		bool flushing;

		r = fill(stream, err);
		if (r < 0)
			break;
		/* A decoder may hold bytes back until it is asked again at the end. */
		flushing = stream->in_eof && stream->is_open;
		if (stream->in_eof && !stream->is_open)
			return 0;
		n = next_bytes(stream, err);
		if (n < 0)
			return n;
		if (n == 0 && flushing && stream->is_open)
			return err_set(err, EBADMSG, "the layer is cut short");
	}
	if (r < 0)
		return r;
	stream->out_bytes += (uint64_t)n;
	if (!hash_add(stream->out_hash, stream->out, (size_t)n))
		return err_set(err, EIO, "cannot hash");
	r = check_size(stream, err);
	if (r < 0)
		return r;
	*ret = stream->out;
	return n;
}

int stream_finish(struct stream *stream, struct stream_end *ret, struct err *err)
{
	struct stream_end end = { 0 };
	const void *bytes = NULL;
	ssize_t n;

	do
		n = stream_read(stream, &bytes, err);
	while (n > 0);
	if (n < 0)
		return (int)n;
	if (!hash_end(stream->in_hash, end.in_digest) ||
	    !hash_end(stream->out_hash, end.out_digest))
		return err_set(err, EIO, "cannot hash");
	end.in_bytes = stream->in_bytes;
	end.out_bytes = stream->out_bytes;
	end.compression = compressions[stream->source.compression];
	if (stream->squeeze) {
		n = squeeze_end(stream->squeeze, end.in_digest, &end.in_bytes, err);
		end.compression = compressions[stream->source.keep];
	}
	if (n < 0)
		return (int)n;
	*ret = end;
	return 0;
}

uint64_t stream_position(const struct stream *stream)
{
	return stream->in_bytes;
}
