/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LARGE ((size_t)16 << 10)

static bool reserve(struct strbuf *sb, size_t more)
{
	size_t need;
	size_t cap = sb->cap ? sb->cap : 256;
	char *p;

	if (sb->failed || __builtin_add_overflow(sb->len, more, &need) || need > SIZE_MAX / 4) {
		sb->failed = true;
		return false;
	}
	need++;
	if (need <= sb->cap)
		return true;
	/* What grows at all mostly grows to some KiB. */
	while (cap < need)
		cap *= cap < LARGE ? 4 : 2;
	p = realloc(sb->p, cap);
	if (!p) {
		sb->failed = true;
		return false;
	}
	sb->p = p;
	sb->cap = cap;
	return true;
}

void strbuf_add(struct strbuf *sb, const void *bytes, size_t n)
{
	if (!reserve(sb, n))
		return;
	if (n > 0)
		memcpy(sb->p + sb->len, bytes, n);
	sb->len += n;
	sb->p[sb->len] = '\0';
}

void strbuf_puts(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_putc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_span(struct strbuf *sb, struct span s)
{
	strbuf_add(sb, s.p, s.n);
}

void strbuf_u64(struct strbuf *sb, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do
		digits[--i] = (char)('0' + v % 10);
	while (v /= 10);
	strbuf_add(sb, digits + i, sizeof(digits) - i);
}

void strbuf_i64(struct strbuf *sb, int64_t v)
{
	if (v < 0)
		strbuf_putc(sb, '-');
	strbuf_u64(sb, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void strbuf_addf(struct strbuf *sb, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !reserve(sb, (size_t)n)) {
		sb->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(sb->p + sb->len, (size_t)n + 1, format, args);
	va_end(args);
	sb->len += (size_t)n;
}

void strbuf_escaped(struct strbuf *sb, const char *bytes, size_t n)
{
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t i = 0; i < n;) {
		size_t length;

		if (p[i] == '\n' || p[i] == '\t' || p[i] == '\\') {
			strbuf_puts(sb, p[i] == '\n' ? "\\n" : p[i] == '\t' ? "\\t" : "\\\\");
			i++;
			continue;
		}
		if (p[i] >= 0x20 && p[i] < 0x7f) {
			strbuf_putc(sb, (char)p[i++]);
			continue;
		}
		length = text_utf8_length(bytes + i, n - i);
		if (p[i] == 0xc2 && length == 2 && p[i + 1] < 0xa0)
			length = 0; /* C1 controls */
		if (length > 1)
			strbuf_add(sb, p + i, length);
		else
			strbuf_addf(sb, "\\x%02x", p[i]);
		i += length > 1 ? length : 1;
	}
}

void strbuf_percent(struct strbuf *sb, struct span text, const char *keep)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c && (strchr("-._~", c) || strchr(keep, c))))
			strbuf_putc(sb, c);
		else
			strbuf_addf(sb, "%%%02X", (unsigned char)c);
	}
}

void strbuf_uri(struct strbuf *sb, const char *path)
{
	if (*path == '/')
		strbuf_puts(sb, "file://");
	strbuf_percent(sb, span_of(path), "/");
}

const char *strbuf_str(const struct strbuf *sb)
{
	return sb->p ? sb->p : "";
}

void strbuf_reset(struct strbuf *sb)
{
	sb->len = 0;
	if (sb->p)
		sb->p[0] = '\0';
}

void strbuf_done(struct strbuf *sb)
{
	free(sb->p);
	*sb = (struct strbuf){ 0 };
}

/*
 * By arithmetic: gmtime_r(3) reads the time zone's file, which UTC does not need and a start would
 * pay for. Years begin in March here, so that the leap day is the last of one.
 */
void strbuf_utc(struct strbuf *sb, const struct timespec *time)
{
	const unsigned long long seconds = (unsigned long long)time->tv_sec;
	const unsigned long long days = seconds / 86400 + 719468; /* since 0000-03-01 */
	const unsigned in_era = (unsigned)(days % 146097);        /* of 400 years */
	const unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
	const unsigned month = (5 * in_year + 2) / 153; /* 0: March */
	const unsigned day = in_year - (153 * month + 2) / 5 + 1;
	const unsigned in_day = (unsigned)(seconds % 86400);

	strbuf_addf(sb, "%04llu-%02u-%02uT%02u:%02u:%02u.%09ldZ",
		    days / 146097 * 400 + year + (month >= 10 ? 1 : 0),
		    month < 10 ? month + 3 : month - 9, day, in_day / 3600, in_day / 60 % 60,
		    in_day % 60, time->tv_nsec);
}
