/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_JSON_H
#define IMMURE_RUNTIME_IMAGE_JSON_H

/*
 * JSON of an image, as flat lines. Runs in immure-unpack; fuzzed. What is not understood is left
 * out, what is contradictory is refused.
 *
 *   index     manifest DIGEST, then of it: media, size, os, arch, variant, ref
 *   manifest  media; config DIGEST, media, size; layer DIGEST, media, size, and for each of its
 *             annotations note KEY, note-value TEXT; subject DIGEST; artifact TYPE
 *   config    os, arch, variant, created, author, user, workdir, stop-signal, env, entrypoint, cmd,
 *             port, volume, label, shell, on-build, diff-id; history COMMAND, then of it: created,
 *             author, comment, empty
 *   rest      what a configuration has besides: of the document rest KEY, rest-value JSON; of its
 *             member "config" run-rest KEY, run-rest-value JSON
 *   docker    manifest.json of `docker save`: image CONFIG-PATH, then of it: tag, layer PATH
 *   payload   of a signature: digest DIGEST, reference TEXT
 *
 * Source: OCI image-spec 1.1; Docker image manifest version 2, schema 2; cosign's SIGNATURE_SPEC.md
 * and containers-signature(5) for the payload.
 */

#include "base/err.h"
#include "base/strbuf.h"

#define IMAGE_JSON_MAX ((size_t)4 << 20)
#define IMAGE_MAX_LAYERS 127

/*
 * Read one document.
 *
 *   kind  "index", "manifest", "config", "rest", "docker", "payload"
 *   ret   lines are added only on success
 *
 * Returns   0, -EBADMSG (no JSON, duplicate keys, a NUL, a wrong type, a digest that is none, a
 *           manifest that is also an index, unknown media type), -E2BIG (too many layers), -ENOMEM.
 */
must_check int image_json_flatten(const char *kind, const void *bytes, size_t n, struct strbuf *ret,
				  struct err *err);

#endif
