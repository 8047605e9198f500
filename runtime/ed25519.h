/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_ED25519_H
#define IMMURE_RUNTIME_ED25519_H

/*
 * Ed25519 by libcrypto. Only immure-sign links it; errors are plain numbers, since openssl/err.h
 * takes names that base/err.h has.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ED25519_PUBLIC_LEN 32
#define ED25519_SIGNATURE_LEN 64

struct ed25519_key;

/* Make a key in a new file, 0600, PEM. -EEXIST if it is there. Returns 0 or -errno. */
int ed25519_make(const char *path);

/*
 * Read a key file.
 *
 *   want_private  a public key alone will not do
 *   ret           released by ed25519_close()
 *
 * Returns   0, -EPERM (a private key that others may read), -EINVAL (no such key), -errno.
 */
int ed25519_open(const char *path, bool want_private, struct ed25519_key **ret);
void ed25519_close(struct ed25519_key *key);

/* Each returns 0 or -EIO. */
int ed25519_print_public(const struct ed25519_key *key, FILE *out);
int ed25519_public(const struct ed25519_key *key, uint8_t ret[ED25519_PUBLIC_LEN]);
int ed25519_sign(const struct ed25519_key *key, const void *bytes, size_t n,
		 uint8_t ret[ED25519_SIGNATURE_LEN]);

/* Does it fit? What cannot be checked does not. */
bool ed25519_fits(const struct ed25519_key *key, const void *bytes, size_t n,
		  const uint8_t signature[ED25519_SIGNATURE_LEN]);

#endif
