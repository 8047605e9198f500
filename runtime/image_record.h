/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_RECORD_H
#define IMMURE_RUNTIME_IMAGE_RECORD_H

/*
 * An image as it is run: what the store wrote down when it came in, read by the launcher without a
 * JSON library. All of it is the image's wish and data, never a setting of the sandbox (R11).
 *
 *   immure 1, manifest DIGEST, config DIGEST, media TYPE; for each signature that vouches for it
 *   signed "KEY-DIGEST PAYLOAD-DIGEST NAME"; of each layer from the bottom up: layer
 *   DIFF-ID, blob DIGEST, size N, marks N (whiteouts), bytes N (unpacked); then the lines of the
 * configuration as runtime/image_json.h has them
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define IMAGE_RECORD_MAX ((size_t)8 << 20)

struct image_layer {
	const char *diff_id, *blob; /* digests */
	uint64_t size;              /* of the blob */
	uint64_t marks;             /* whiteouts and opaque folders in it */
	uint64_t bytes;             /* of its files, unpacked */
};

struct image_texts {
	size_t n, cap;
	const char **items; /* NULL-terminated once there is one */
};

struct image_record {
	const char *manifest, *config, *media_type;
	const char *os, *arch, *variant, *created; /* or NULL */
	const char *user, *workdir, *stop_signal;  /* or NULL */
	struct image_texts signed_by;
	struct image_texts env, entrypoint, cmd, ports, volumes, labels;
	size_t n_layers, cap_layers;
	struct image_layer *layers;
};

/*
 * Read a record.
 *
 *   text  of the file; in arena are the copies
 *   ret   filled only on success
 *
 * Returns   0, -EBADMSG (not a record, another version), -ENOMEM.
 */
must_check int image_record_parse(struct span text, struct arena *arena, struct image_record *ret,
				  struct err *err);

#endif
