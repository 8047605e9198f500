/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_FLAT_H
#define IMMURE_BASE_FLAT_H

/*
 * Flat records: one "KEY VALUE" a line, in order, any key as often as needed. What a confined
 * parser makes of JSON, and what the launcher reads at start-up without a JSON library. In a value
 * a backslash and a newline are written \\ and \n; a NUL is refused when read.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"

#define FLAT_KEY_MAX 32

struct flat_pair {
	struct span key;   /* [a-z0-9.-]{1,FLAT_KEY_MAX} */
	const char *value; /* un-escaped, NUL-terminated, in the arena */
};

void flat_put(struct strbuf *out, const char *key, struct span value);
void flat_puts(struct strbuf *out, const char *key, const char *value);
void flat_putu(struct strbuf *out, const char *key, uint64_t value);

/*
 * Take the next line off *rest.
 *
 *   ret  filled only if there was one
 *
 * Returns   1, 0 (end), -EBADMSG (no key, an unknown escape, a NUL, no final newline), -ENOMEM.
 */
must_check int flat_next(struct span *rest, struct arena *arena, struct flat_pair *ret,
			 struct err *err);

/* The value as a strict decimal number. 0 or -EBADMSG. */
must_check int flat_u64(const struct flat_pair *pair, uint64_t *ret, struct err *err);

#endif
