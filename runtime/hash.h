/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_HASH_H
#define IMMURE_RUNTIME_HASH_H

/* SHA-256 by libcrypto, which uses what the processor has for it: for bytes by the gigabyte. */

#include <stdbool.h>

#include "base/digest.h"

struct hash;

struct hash *hash_new(void); /* NULL: out of memory. Ended by hash_free(). */
void hash_free(struct hash *hash);
/* Both return false if libcrypto fails, which leaves no usable digest. */
bool hash_add(struct hash *hash, const void *bytes, size_t n);
bool hash_end(struct hash *hash, char ret[DIGEST_HEX_LEN]);

#endif
