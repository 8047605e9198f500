/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_PARSE_H
#define IMMURE_RUNTIME_IMAGE_PARSE_H

/*
 * JSON of images as plain data. The parsing is done by immure-unpack, confined; here its flat lines
 * are read (runtime/image_json.h says which).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct image_pair {
	const char *key, *value;
};

/* What points to a blob. Texts that are not there are NULL. */
struct image_descriptor {
	const char *digest; /* valid: "sha256:" and 64 digits */
	const char *media_type;
	uint64_t size;
	const char *os, *arch, *variant; /* of an index */
	const char *ref;                 /* annotation org.opencontainers.image.ref.name */
	const char *artifact;            /* artifactType */
	size_t n_notes;                  /* annotations of a layer; see image_note() */
	const struct image_pair *notes;
};

struct image_index {
	const char *media_type; /* or NULL */
	size_t n;
	struct image_descriptor *manifests;
};

struct image_manifest {
	const char *media_type, *artifact; /* or NULL */
	struct image_descriptor config;
	size_t n_layers;
	struct image_descriptor *layers;
	struct image_descriptor subject; /* digest is NULL if there is none */
};

struct image_config {
	size_t n_diff_ids;
	const char **diff_ids; /* valid digests */
	size_t n;
	struct image_pair *pairs; /* all lines, in order */
};

/* An annotation's value, or NULL; of the i-th annotation the key, and *ret_value. */
const char *image_note_find(const struct image_descriptor *d, const char *key);
const char *image_note(const struct image_descriptor *d, size_t i, const char **ret_value);

/* The first value of a key, or NULL. */
const char *image_config_find(const struct image_config *config, const char *key);

/* Each runs one confined process. Returns 0, -EBADMSG (faulty JSON, see image_json.h), -errno. */
must_check int image_parse_index(struct span json, struct arena *arena, struct image_index *ret,
				 struct err *err);
must_check int image_parse_manifest(struct span json, struct arena *arena,
				    struct image_manifest *ret, struct err *err);
must_check int image_parse_config(struct span json, struct arena *arena, struct image_config *ret,
				  struct err *err);

#define SIGNATURE_PAYLOAD_TYPE "application/vnd.dev.cosign.simplesigning.v1+json"

/* What a signature says, and by which keys. */
struct image_signature {
	size_t n_keys;
	const char **keys;  /* the digests of the public keys that made it; none: it says nothing */
	const char *digest; /* of the manifest that it signs */
	const char *reference; /* the name that the image had for whoever signed it; any text */
};

/*
 * Try a signature with keys; its payload is read only if one of them made it.
 *
 *   pem        public keys, trusted
 *   payload    of the signature, at most UNPACK_PAYLOAD_MAX
 *   signature  base64
 *
 * Returns   0 (n_keys may be 0), -EINVAL (a key is none), -EBADMSG (the payload is none), -errno.
 */
must_check int image_parse_signature(struct span pem, struct span payload, const char *signature,
				     struct arena *arena, struct image_signature *ret,
				     struct err *err);

/* Any kind, as pairs. */
must_check int image_parse_pairs(const char *kind, struct span json, struct arena *arena,
				 struct image_pair **ret, size_t *ret_n, struct err *err);

/* Is it an index? By the media type of what pointed to it; NULL: by nothing. */
bool image_media_is_index(const char *media_type);

#endif
