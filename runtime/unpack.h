/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_H
#define IMMURE_RUNTIME_UNPACK_H

/*
 * immure-unpack: the program that reads the bytes of images, confined (sandbox/worker.h). One task
 * a process; what it finds out goes to standard output as a flat record, whose last line is "ok 1"
 * or "error.code N" and "error.text WHY".
 */

#include "base/err.h"
#include "base/strbuf.h"

/* Descriptors of the task: 0 its input, 1 the report, and */
#define UNPACK_FD_POLICY 3 /* the compiled policy */
#define UNPACK_FD_DIR 4    /* the folder it works in; /dev/null: none */
#define UNPACK_FD_BLOB 5   /* keeps the compressed bytes; /dev/null: none */

#define UNPACK_KEYS_MAX ((size_t)1 << 20)
#define UNPACK_PAYLOAD_MAX ((size_t)64 << 10)

struct unpack_options {
	const char *compression;
	const char *keep; /* compress what is kept, if it is not: gzip, zstd; none: as it comes */
	const char *kind; /* of JSON: index, manifest, config, docker */
	const char *signature; /* base64 */
	uint64_t in_max;       /* compressed bytes; 0: not known */
	uint64_t out_max;      /* decompressed bytes */
	uint64_t entries;      /* at most */
	uint64_t ids;          /* owners are below it; 0: all files belong to one id */
	uint64_t progress;     /* a line "at BYTES" for each so many */
};

struct unpack {
	struct unpack_options options;
	int dir;  /* -1: none */
	int blob; /* -1: none */
	struct strbuf report;
};

/* The tasks; each adds to unpack->report. */
must_check int unpack_layer(struct unpack *unpack, struct err *err);   /* a layer into dir */
must_check int unpack_archive(struct unpack *unpack, struct err *err); /* an archive of an image */
must_check int unpack_json(struct unpack *unpack, struct err *err);    /* JSON of an image */
must_check int unpack_signature(struct unpack *unpack, struct err *err); /* is it a key's? */

/* Send what the report has so far, so that progress is seen. */
must_check int unpack_flush(struct unpack *unpack, struct err *err);

#endif
