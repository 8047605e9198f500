/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_BASE64_H
#define IMMURE_BASE_BASE64_H

/* Source: RFC 4648, 4, with padding. */

#include "base/strbuf.h"

void base64_encode(const void *bytes, size_t n, struct strbuf *out);

/*
 * Strict: no blanks, no missing padding, no bits left over.
 *
 * Returns   0, or -EINVAL; what was added to *out until then stays.
 */
must_check int base64_decode(struct span text, struct strbuf *out);

#endif
