/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PKEY_H
#define IMMURE_RUNTIME_PKEY_H

/*
 * Keys in PEM files, by libcrypto. Errors are plain numbers: openssl/err.h takes names that
 * base/err.h has.
 */

#include <openssl/evp.h>
#include <stdbool.h>

/*
 * Read a key file.
 *
 *   want_private  a public key alone will not do
 *   ret           released by EVP_PKEY_free()
 *
 * Returns   0, -EPERM (a private key that others may read), -EINVAL (no such key), -errno.
 */
int pkey_read(const char *path, bool want_private, EVP_PKEY **ret);

#endif
