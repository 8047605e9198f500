/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "runtime/unpack_squeeze.h"
#include "runtime/unpack_stream.h"

#define BYTES ((size_t)3 << 20)

/* Half of it repeats, half of it does not. */
static uint8_t *make_bytes(void)
{
	uint8_t *bytes = malloc(BYTES);
	uint32_t state = 1;

	assert_non_null(bytes);
	for (size_t i = 0; i < BYTES; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (i >> 16) % 2 ? (uint8_t)(state >> 24) : (uint8_t)(i % 7);
	}
	return bytes;
}

static int memory_file(const void *bytes, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void read_all(const struct stream_source *source, const uint8_t *wanted, size_t n,
		     struct stream_end *ret)
{
	struct stream *stream = NULL;
	struct err err = { 0 };
	const void *bytes = NULL;
	size_t at = 0;
	ssize_t got;

	assert_int_equal(stream_new(source, &stream, &err), 0);
	while ((got = stream_read(stream, &bytes, &err)) > 0) {
		assert_true(at + (size_t)got <= n);
		assert_memory_equal(bytes, wanted + at, (size_t)got);
		at += (size_t)got;
	}
	assert_int_equal(got, 0);
	assert_int_equal(at, n);
	assert_int_equal(stream_finish(stream, ret, &err), 0);
	stream_free(stream);
}

/* What is read through a stream that compresses what it keeps, and that which was kept. */
static void there_and_back(enum compression keep, const char *name, size_t n)
{
	cleanup_free uint8_t *bytes = make_bytes();
	cleanup_close int in = memory_file(bytes, n);
	cleanup_close int blob = memory_file("", 0);
	struct stream_source source = { .fd = in,
					.blob = blob,
					.compression = COMPRESSION_AUTO,
					.keep = keep,
					.out_max = 2 * BYTES };
	struct stream_end first = { 0 };
	struct stream_end second = { 0 };
	struct stat st = { 0 };

	read_all(&source, bytes, n, &first);
	assert_string_equal(first.compression, name);
	assert_int_equal(first.out_bytes, n);
	assert_int_equal(fstat(blob, &st), 0);
	assert_int_equal(st.st_size, first.in_bytes);
	assert_true(n < 100 || first.in_bytes < n * 7 / 8);
	assert_int_equal(lseek(blob, 0, SEEK_SET), 0);
	source = (struct stream_source){
		.fd = blob, .blob = -1, .compression = COMPRESSION_AUTO, .out_max = 2 * BYTES
	};
	read_all(&source, bytes, n, &second);
	assert_string_equal(second.compression, name);
	assert_string_equal(second.in_digest, first.in_digest);
	assert_string_equal(second.out_digest, first.out_digest);
}

static void what_is_kept_compressed_is_what_came(void **state)
{
	static const size_t sizes[] = { 1, 512, (size_t)256 << 10, ((size_t)256 << 10) + 1, BYTES };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		there_and_back(COMPRESSION_GZIP, "gzip", sizes[i]);
		there_and_back(COMPRESSION_ZSTD, "zstd", sizes[i]);
	}
}

static void what_is_compressed_already_is_kept_as_it_is(void **state)
{
	/* printf x | gzip -n */
	static const uint8_t gzip[] =
		"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\0\0\x83\x16\xdc\x8c\x01\0\0";
	cleanup_close int in = memory_file(gzip, sizeof(gzip));
	cleanup_close int blob = memory_file("", 0);
	const struct stream_source source = { .fd = in,
					      .blob = blob,
					      .compression = COMPRESSION_AUTO,
					      .keep = COMPRESSION_ZSTD,
					      .out_max = 10 };
	struct stream_end end = { 0 };
	uint8_t kept[64];

	(void)state;
	read_all(&source, (const uint8_t *)"x", 1, &end);
	assert_string_equal(end.compression, "gzip");
	assert_int_equal(end.in_bytes, sizeof(gzip));
	assert_int_equal(pread(blob, kept, sizeof(kept), 0), sizeof(gzip));
	assert_memory_equal(kept, gzip, sizeof(gzip));
}

static void a_full_disk_is_named(void **state)
{
	cleanup_close int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char digest[DIGEST_HEX_LEN];

	(void)state;
	assert_true(full >= 0);
	for (int zstd = 0; zstd < 2; zstd++) {
		struct squeeze *s = NULL;
		struct err err = { 0 };
		uint64_t n = 0;

		assert_int_equal(squeeze_new(full, zstd, &s, &err), 0);
		assert_int_equal(squeeze_add(s, "", 0, &err), 0);
		assert_int_equal(squeeze_end(s, digest, &n, &err), -ENOSPC);
		assert_int_equal(n, 0);
		squeeze_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_compressed_is_what_came),
		cmocka_unit_test(what_is_compressed_already_is_kept_as_it_is),
		cmocka_unit_test(a_full_disk_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
