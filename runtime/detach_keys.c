/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/detach_keys.h"

#include <string.h>

#include "base/text.h"

/* Returns the byte that the key sends, or -1. */
static int key_of(struct span name)
{
	static const char control[] = "@abcdefghijklmnopqrstuvwxyz[\\]^_"; /* in their order */
	const char *found;
	char c;

	if (name.n == 1)
		return (unsigned char)name.p[0];
	if (name.n != strlen("ctrl-x") || memcmp(name.p, "ctrl-", strlen("ctrl-")) != 0)
		return -1;
	c = name.p[name.n - 1];
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	found = memchr(control, c, sizeof(control) - 1);
	return found ? (int)(found - control) : -1;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *err)
{
	struct detach_keys keys = { 0 };
	struct span rest = span_of(text);
	bool more = true;

	while (more) {
		const char *comma = memchr(rest.p, ',', rest.n);
		struct span name = { rest.p, comma ? (size_t)(comma - rest.p) : rest.n };
		int key = key_of(name);

		if (keys.n == DETACH_KEYS_MAX)
			return err_set(err, EINVAL, "--detach-keys: more than %d keys",
				       DETACH_KEYS_MAX);
		if (key < 0)
			return err_set(
				err, EINVAL,
				"--detach-keys %.60s: expected keys such as ctrl-p or x between commas",
				text);
		keys.keys[keys.n++] = (char)key;
		more = comma != NULL;
		if (more)
			rest = (struct span){ comma + 1, rest.n - name.n - 1 };
	}
	*ret = keys;
	return 0;
}

/* The held bytes and c are no beginning: as few as possible of them are let go. */
static void let_go(struct detach_keys *keys, char c, char *out, size_t *at)
{
	char typed[DETACH_KEYS_MAX + 1];
	size_t n = keys->held + 1;
	size_t skip = 1;

	memcpy(typed, keys->keys, keys->held);
	typed[keys->held] = c;
	while (skip < n && memcmp(typed + skip, keys->keys, n - skip) != 0)
		skip++;
	memcpy(out + *at, typed, skip);
	*at += skip;
	keys->held = n - skip;
}

bool detach_keys_filter(struct detach_keys *keys, const char *in, size_t n, char *out,
			size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (in[i] != keys->keys[keys->held])
			let_go(keys, in[i], out, ret_n);
		else if (++keys->held == keys->n)
			return true;
	}
	return false;
}
