/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_SQUEEZE_H
#define IMMURE_RUNTIME_UNPACK_SQUEEZE_H

/* Bytes written compressed, and hashed on the way. In immure-unpack only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

struct squeeze;

/*
 * Begin; the same bytes give the same result with the same libraries on the same kind of processor.
 *
 *   out   descriptor; borrowed
 *   zstd  rather than gzip
 *   ret   ended by squeeze_free()
 */
must_check int squeeze_new(int out, bool zstd, struct squeeze **ret, struct err *err);
void squeeze_free(struct squeeze *squeeze);

/* Returns 0, -ENOSPC, -EIO, ... */
must_check int squeeze_add(struct squeeze *squeeze, const void *bytes, size_t n, struct err *err);

/* No more comes: write what is left, and tell digest and size of what was written. */
must_check int squeeze_end(struct squeeze *squeeze, char ret_digest[DIGEST_HEX_LEN],
			   uint64_t *ret_bytes, struct err *err);

#endif
