/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_DETACH_KEYS_H
#define IMMURE_RUNTIME_DETACH_KEYS_H

/* The keys that leave an attached terminal. The notation is Docker's --detach-keys. */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
#define DETACH_KEYS_MAX 16

struct detach_keys {
	size_t n; /* 1 to DETACH_KEYS_MAX */
	char keys[DETACH_KEYS_MAX];
	size_t held; /* so many of them were typed, and are kept back */
};

/*
 * Parse "ctrl-p,ctrl-q": keys between commas, each one character or ctrl- and a letter or one of
 * @ [ \ ] ^ _.
 *
 * Returns   0, or -EINVAL (an empty or unknown key, too many).
 */
must_check int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *err);

/*
 * Pass on what was typed, but for the keys. A beginning of them is kept back until the next byte
 * shows what it was.
 *
 *   out    room for n + DETACH_KEYS_MAX bytes
 *   ret_n  bytes in out
 *
 * Returns   true if the keys were complete: what follows them is dropped.
 */
bool detach_keys_filter(struct detach_keys *keys, const char *in, size_t n, char *out,
			size_t *ret_n);

#endif
