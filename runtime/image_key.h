/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_KEY_H
#define IMMURE_RUNTIME_IMAGE_KEY_H

/*
 * Keys that sign images: Ed25519, which signs the bytes, and ECDSA over P-256, P-384 or P-521,
 * which signs their SHA-256 (ASN.1). By libcrypto; errors are plain numbers, since openssl/err.h
 * takes names that base/err.h has. Source: cosign's SIGNATURE_SPEC.md, "Signature Schemes"; RFC
 * 8032; SEC 1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/digest.h"

#define IMAGE_SIGNATURE_MAX 160 /* bytes; P-521 takes 139 */
#define IMAGE_KEYS_MAX 64

struct image_keys;

/*
 * Read public keys: PEM, one behind the other.
 *
 *   ret        released by image_keys_free()
 *   ret_count  how many were read, on failure too
 *
 * Returns   0, -EINVAL (the key behind those counted is none of the kinds above), -E2BIG, -ENOMEM.
 */
int image_keys_read(const void *pem, size_t n, struct image_keys **ret, size_t *ret_count);
void image_keys_free(struct image_keys *keys);

/* Is it this key's signature of the bytes? What cannot be checked is not. */
bool image_key_fits(const struct image_keys *keys, size_t i, const void *bytes, size_t n,
		    const uint8_t *signature, size_t n_signature);

/* SHA-256 of the public key (SubjectPublicKeyInfo, DER): how it is called. 0 or -EIO. */
int image_key_digest(const struct image_keys *keys, size_t i, char ret[DIGEST_HEX_LEN]);

/*
 * Sign with the private key of a file.
 *
 *   public  gets the public key that belongs to it, in PEM form
 *
 * Returns   the signature's length, -EPERM (others may read the file), -EINVAL (no such key),
 *           -EIO, -errno.
 */
int image_key_sign(const char *path, const void *bytes, size_t n, uint8_t ret[IMAGE_SIGNATURE_MAX],
		   FILE *public);

#endif
