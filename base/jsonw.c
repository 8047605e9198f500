/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <string.h>

static void before_value(struct jsonw *j)
{
	if (j->comma)
		strbuf_putc(j->out, ',');
	j->comma = true;
}

static void open_with(struct jsonw *j, char bracket)
{
	before_value(j);
	strbuf_putc(j->out, bracket);
	j->comma = false;
}

static void close_with(struct jsonw *j, char bracket)
{
	strbuf_putc(j->out, bracket);
	j->comma = true;
}

void jsonw_object(struct jsonw *j)
{
	open_with(j, '{');
}

void jsonw_object_end(struct jsonw *j)
{
	close_with(j, '}');
}

void jsonw_array(struct jsonw *j)
{
	open_with(j, '[');
}

void jsonw_array_end(struct jsonw *j)
{
	close_with(j, ']');
}

void jsonw_key(struct jsonw *j, const char *key)
{
	jsonw_keyn(j, key, strlen(key));
}

void jsonw_keyn(struct jsonw *j, const char *key, size_t n)
{
	jsonw_strn(j, key, n);
	strbuf_putc(j->out, ':');
	j->comma = false;
}

void jsonw_str(struct jsonw *j, const char *s)
{
	if (s)
		jsonw_strn(j, s, strlen(s));
	else
		jsonw_null(j);
}

/* How many bytes stand for themselves: most texts are written in one piece. */
static size_t plain_length(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

/* Returns how many bytes were written: one, or those of a character. */
static size_t add_special(struct jsonw *j, const unsigned char *p, size_t n)
{
	size_t length = text_utf8_length((const char *)p, n);

	if (*p == '"' || *p == '\\') {
		strbuf_putc(j->out, '\\');
		strbuf_putc(j->out, (char)*p);
	} else if (*p == '\n') {
		strbuf_puts(j->out, "\\n");
	} else if (*p < 0x20 || *p == 0x7f) {
		strbuf_addf(j->out, "\\u%04x", *p);
	} else if (length == 0) {
		strbuf_puts(j->out, "\xef\xbf\xbd");
	} else {
		strbuf_add(j->out, p, length);
	}
	return length > 0 ? length : 1;
}

void jsonw_strn(struct jsonw *j, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	before_value(j);
	strbuf_putc(j->out, '"');
	for (size_t i = 0; i < n;) {
		size_t plain = plain_length(p + i, n - i);

		strbuf_add(j->out, p + i, plain);
		i += plain;
		if (i < n)
			i += add_special(j, p + i, n - i);
	}
	strbuf_putc(j->out, '"');
}

void jsonw_u64(struct jsonw *j, uint64_t v)
{
	before_value(j);
	strbuf_u64(j->out, v);
}

void jsonw_i64(struct jsonw *j, int64_t v)
{
	before_value(j);
	strbuf_i64(j->out, v);
}

void jsonw_bool(struct jsonw *j, bool v)
{
	before_value(j);
	strbuf_puts(j->out, v ? "true" : "false");
}

void jsonw_raw(struct jsonw *j, const char *json)
{
	before_value(j);
	strbuf_puts(j->out, json);
}

void jsonw_null(struct jsonw *j)
{
	before_value(j);
	strbuf_puts(j->out, "null");
}

void jsonw_kstr(struct jsonw *j, const char *key, const char *s)
{
	jsonw_key(j, key);
	jsonw_str(j, s);
}

void jsonw_ku64(struct jsonw *j, const char *key, uint64_t v)
{
	jsonw_key(j, key);
	jsonw_u64(j, v);
}

void jsonw_ki64(struct jsonw *j, const char *key, int64_t v)
{
	jsonw_key(j, key);
	jsonw_i64(j, v);
}

void jsonw_kbool(struct jsonw *j, const char *key, bool v)
{
	jsonw_key(j, key);
	jsonw_bool(j, v);
}
