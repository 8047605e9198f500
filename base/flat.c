/* SPDX-License-Identifier: Apache-2.0 */
#include "base/flat.h"

#include <stdio.h>
#include <string.h>

void flat_put(struct strbuf *out, const char *key, struct span value)
{
	strbuf_puts(out, key);
	strbuf_putc(out, ' ');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\')
			strbuf_puts(out, "\\\\");
		else if (value.p[i] == '\n')
			strbuf_puts(out, "\\n");
		else
			strbuf_putc(out, value.p[i]);
	}
	strbuf_putc(out, '\n');
}

void flat_puts(struct strbuf *out, const char *key, const char *value)
{
	flat_put(out, key, span_of(value));
}

void flat_putu(struct strbuf *out, const char *key, uint64_t value)
{
	strbuf_addf(out, "%s %llu\n", key, (unsigned long long)value);
}

static bool is_key(struct span s)
{
	if (s.n == 0 || s.n > FLAT_KEY_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
			return false;
	}
	return true;
}

/* Returns 0, or -EBADMSG for a NUL or an escape that flat_put() does not write. */
static int unescape(struct span in, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '\0')
			return -EBADMSG;
		if (c == '\\') {
			i++;
			if (i == in.n || (in.p[i] != '\\' && in.p[i] != 'n'))
				return -EBADMSG;
			c = in.p[i] == 'n' ? '\n' : '\\';
		}
		out[used++] = c;
	}
	out[used] = '\0';
	return 0;
}

int flat_next(struct span *rest, struct arena *arena, struct flat_pair *ret, struct err *err)
{
	struct flat_pair pair = { 0 };
	struct span line;
	char *value;

	if (rest->n == 0)
		return 0;
	if (!span_has_byte(*rest, '\n'))
		return err_set(err, EBADMSG, "a record is cut short");
	line = span_cut(rest, '\n');
	if (!span_has_byte(line, ' '))
		return err_set(err, EBADMSG, "a line of a record has no value");
	pair.key = span_cut(&line, ' ');
	if (!is_key(pair.key))
		return err_set(err, EBADMSG, "a line of a record has no key");
	value = arena_alloc(arena, line.n + 1);
	if (!value)
		return err_set(err, ENOMEM, "out of memory");
	if (unescape(line, value) < 0)
		return err_set(err, EBADMSG, "a value of a record is malformed");
	pair.value = value;
	*ret = pair;
	return 1;
}

int flat_u64(const struct flat_pair *pair, uint64_t *ret, struct err *err)
{
	if (span_u64(span_of(pair->value), UINT64_MAX, ret) < 0)
		return err_set(err, EBADMSG, "a record says %.*s %.40s: expected a number",
			       (int)pair->key.n, pair->key.p, pair->value);
	return 0;
}
