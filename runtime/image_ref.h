/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_REF_H
#define IMMURE_RUNTIME_IMAGE_REF_H

/* Names of images: "debian", "quay.io/a/b:1", "127.0.0.1:5000/x@sha256:...". Pure; fuzzed. */

#include <stdbool.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"

#define IMAGE_NAME_MAX 255 /* domain, slash and path together */
#define IMAGE_TAG_MAX 128
#define IMAGE_DIGEST_LEN 71 /* "sha256:" and 64 hexadecimal digits */

struct image_ref {
	char domain[IMAGE_NAME_MAX + 1];   /* HOST[:PORT] in lower case; "docker.io" if none */
	char path[IMAGE_NAME_MAX + 1];     /* "library/debian" */
	char tag[IMAGE_TAG_MAX + 1];       /* "latest" if neither tag nor digest was there; or "" */
	char digest[IMAGE_DIGEST_LEN + 1]; /* or "" */
};

/*
 * Parse [DOMAIN/]PATH[:TAG][@DIGEST] with the defaults that people know from Docker.
 *
 *   text  may hold any bytes
 *   ret   filled only on success; plain data
 *
 * The first part is a domain if it has a '.' or a ':', or is "localhost"; else it belongs to the
 * path, and the domain is docker.io, where a path of one part lies below "library/".
 *
 * Returns   0, or -EINVAL (stage ERR_USAGE; names the part that is wrong).
 * Source    OCI distribution-spec 1.1, "Pulling manifests"; distribution's reference grammar
 */
must_check int image_ref_parse(struct span text, struct image_ref *ret, struct err *err);

/* "docker.io/library/debian:12": parsing it again gives the same. */
void image_ref_print(const struct image_ref *ref, struct strbuf *out);

/* As people type it: "debian:12". Parsing it again gives the same. */
void image_ref_familiar(const struct image_ref *ref, struct strbuf *out);

/* The last part of a URL below /v2/PATH/manifests/: the digest if there is one, else the tag. */
const char *image_ref_pin(const struct image_ref *ref);

/* "sha256:" and 64 lower-case hexadecimal digits: the only form that is ever a file's name. */
bool image_digest_is_valid(struct span text);

/* A tag as the specification has it. */
bool image_tag_is_valid(struct span text);

/* HOST[:PORT], an IPv6 address in brackets. */
bool image_domain_is_valid(struct span text);

/* Of HOST[:PORT]: "localhost", 127.0.0.0/8 or [::1]. Text only: no name is looked up. */
bool image_host_is_loopback(struct span domain);

#endif
