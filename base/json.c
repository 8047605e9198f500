/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <string.h>

static void before_value(struct json *j)
{
	if (j->comma)
		strbuf_putc(j->out, ',');
	j->comma = true;
}

static void open_with(struct json *j, char bracket)
{
	before_value(j);
	strbuf_putc(j->out, bracket);
	j->comma = false;
}

static void close_with(struct json *j, char bracket)
{
	strbuf_putc(j->out, bracket);
	j->comma = true;
}

void json_object(struct json *j)
{
	open_with(j, '{');
}

void json_object_end(struct json *j)
{
	close_with(j, '}');
}

void json_array(struct json *j)
{
	open_with(j, '[');
}

void json_array_end(struct json *j)
{
	close_with(j, ']');
}

void json_key(struct json *j, const char *key)
{
	json_str(j, key);
	strbuf_putc(j->out, ':');
	j->comma = false;
}

void json_str(struct json *j, const char *s)
{
	if (s)
		json_strn(j, s, strlen(s));
	else
		json_null(j);
}

void json_strn(struct json *j, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	before_value(j);
	strbuf_putc(j->out, '"');
	for (size_t i = 0; i < n;) {
		size_t length = text_utf8_length(s + i, n - i);

		if (p[i] == '"' || p[i] == '\\') {
			strbuf_putc(j->out, '\\');
			strbuf_putc(j->out, (char)p[i]);
		} else if (p[i] == '\n') {
			strbuf_puts(j->out, "\\n");
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			strbuf_addf(j->out, "\\u%04x", p[i]);
		} else if (length == 0) {
			strbuf_puts(j->out, "\xef\xbf\xbd");
		} else {
			strbuf_add(j->out, p + i, length);
		}
		i += length > 0 ? length : 1;
	}
	strbuf_putc(j->out, '"');
}

void json_u64(struct json *j, uint64_t v)
{
	before_value(j);
	strbuf_addf(j->out, "%llu", (unsigned long long)v);
}

void json_i64(struct json *j, int64_t v)
{
	before_value(j);
	strbuf_addf(j->out, "%lld", (long long)v);
}

void json_bool(struct json *j, bool v)
{
	before_value(j);
	strbuf_puts(j->out, v ? "true" : "false");
}

void json_null(struct json *j)
{
	before_value(j);
	strbuf_puts(j->out, "null");
}

void json_kstr(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_str(j, s);
}

void json_ku64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

void json_ki64(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_i64(j, v);
}

void json_kbool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}
