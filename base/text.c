/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <string.h>

struct span span_of(const char *s)
{
	return (struct span){ s, strlen(s) };
}

struct span span_cut(struct span *rest, char sep)
{
	const char *at = rest->n > 0 ? memchr(rest->p, sep, rest->n) : NULL;
	struct span cut = *rest;

	if (!at) {
		rest->p += rest->n;
		rest->n = 0;
		return cut;
	}
	cut.n = (size_t)(at - rest->p);
	rest->n -= cut.n + 1;
	rest->p = at + 1;
	return cut;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_word(struct span *rest)
{
	struct span word;

	while (rest->n > 0 && is_blank(*rest->p)) {
		rest->p++;
		rest->n--;
	}
	word = (struct span){ rest->p, 0 };
	while (rest->n > 0 && !is_blank(*rest->p)) {
		rest->p++;
		rest->n--;
		word.n++;
	}
	return word;
}

struct span span_trim(struct span s)
{
	while (s.n > 0 && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool span_eq(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.n == n && (n == 0 || memcmp(s.p, text, n) == 0);
}

bool span_starts(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool span_has_byte(struct span s, char c)
{
	return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int span_u64(struct span s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.n == 0 || (s.n > 1 && s.p[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return -EINVAL;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
			return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* The number in front and the unit behind it; the bare number takes `bare` as its factor. */
static int with_unit(struct span s, const struct unit *units, size_t n, uint64_t bare, uint64_t max,
		     uint64_t *ret)
{
	struct span number = { s.p, 0 };
	struct span unit;
	uint64_t factor = bare;
	uint64_t value = 0;
	int r;

	while (number.n < s.n && is_digit(s.p[number.n]))
		number.n++;
	unit = (struct span){ s.p + number.n, s.n - number.n };
	if (unit.n > 0) {
		factor = 0;
		for (size_t i = 0; i < n; i++) {
			if (span_eq(unit, units[i].name))
				factor = units[i].factor;
		}
		if (factor == 0)
			return -EINVAL;
	}
	r = span_u64(number, UINT64_MAX, &value);
	if (r < 0)
		return r;
	if (__builtin_mul_overflow(value, factor, &value) || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int span_c_number(struct span s, uint64_t *ret)
{
	unsigned base = 10;
	uint64_t value = 0;

	if (s.n > 1 && s.p[0] == '0') {
		base = s.p[1] == 'x' ? 16 : 8;
		s.p += base == 16 ? 2 : 1;
		s.n -= base == 16 ? 2 : 1;
	}
	if (s.n == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: 99;

		if (digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int span_bytes(struct span s, uint64_t max, uint64_t *ret)
{
	static const struct unit units[] = {
		{ "B", 1 },
		{ "k", 1ULL << 10 },
		{ "K", 1ULL << 10 },
		{ "KiB", 1ULL << 10 },
		{ "M", 1ULL << 20 },
		{ "m", 1ULL << 20 },
		{ "MiB", 1ULL << 20 },
		{ "G", 1ULL << 30 },
		{ "g", 1ULL << 30 },
		{ "GiB", 1ULL << 30 },
		{ "T", 1ULL << 40 },
		{ "TiB", 1ULL << 40 },
	};

	return with_unit(s, units, ARRAY_LEN(units), 1, max, ret);
}

int span_millis(struct span s, uint64_t max, uint64_t *ret)
{
	static const struct unit units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
	};

	return with_unit(s, units, ARRAY_LEN(units), 1000, max, ret);
}

int span_milli(struct span s, uint64_t max, uint64_t *ret)
{
	struct span rest = s;
	struct span whole = span_cut(&rest, '.');
	bool has_point = whole.n < s.n;
	uint64_t value = 0;
	uint64_t fraction = 0;
	int r = span_u64(whole, UINT64_MAX, &value);

	if (r < 0)
		return r;
	if (has_point && (rest.n == 0 || rest.n > 3))
		return -EINVAL;
	for (size_t i = 0; i < 3; i++) {
		if (i < rest.n && !is_digit(rest.p[i]))
			return -EINVAL;
		fraction = fraction * 10 + (i < rest.n ? (uint64_t)(rest.p[i] - '0') : 0);
	}
	if (__builtin_mul_overflow(value, 1000, &value) ||
	    __builtin_add_overflow(value, fraction, &value) || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

static bool is_id_byte(char c, bool first)
{
	if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return !first && (c == '_' || c == '.' || c == '-');
}

bool text_is_id(const char *s)
{
	size_t n = strnlen(s, 65);

	if (n == 0 || n > 64)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_id_byte(s[i], i == 0))
			return false;
	}
	return true;
}

static bool continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t text_utf8_length(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (n >= 2 && p[0] >= 0xc2 && p[0] <= 0xdf && continues(p[1]))
		return 2;
	if (n >= 3 && (p[0] & 0xf0) == 0xe0 && continues(p[1]) && continues(p[2])) {
		bool overlong = p[0] == 0xe0 && p[1] < 0xa0;
		bool surrogate = p[0] == 0xed && p[1] > 0x9f;

		return overlong || surrogate ? 0 : 3;
	}
	if (n >= 4 && p[0] >= 0xf0 && p[0] <= 0xf4 && continues(p[1]) && continues(p[2]) &&
	    continues(p[3])) {
		bool overlong = p[0] == 0xf0 && p[1] < 0x90;
		bool too_high = p[0] == 0xf4 && p[1] > 0x8f;

		return overlong || too_high ? 0 : 4;
	}
	return 0;
}

#define DISTANCE_MAX 63

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance by rows. */
unsigned text_distance(const char *a, const char *b)
{
	size_t na = strlen(a);
	size_t nb = strlen(b);
	unsigned row[DISTANCE_MAX + 1];

	if (na > DISTANCE_MAX || nb > DISTANCE_MAX)
		return 99;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned above = row[j];

			row[j] = least(row[j - 1] + 1, above + 1,
				       diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
			diagonal = above;
		}
	}
	return row[nb];
}

void text_near_try(struct text_near *near, const char *wrong, const char *name)
{
	unsigned d = text_distance(wrong, name);

	if (d < near->distance)
		*near = (struct text_near){ name, d };
}

bool text_label_fits(const char *label, const char *wanted)
{
	size_t n = strlen(wanted);

	return strncmp(label, wanted, n) == 0 &&
	       (label[n] == '\0' || (label[n] == '=' && !strchr(wanted, '=')));
}

static bool digits(struct span s, size_t from, size_t n, unsigned *ret)
{
	uint64_t v = 0;

	for (size_t i = from; i < from + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*ret = (unsigned)v;
	return true;
}

bool span_is_day(struct span s)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned year = 0;
	unsigned month = 0;
	unsigned day = 0;
	unsigned last;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s, 0, 4, &year) ||
	    !digits(s, 5, 2, &month) || !digits(s, 8, 2, &day) || month < 1 || month > 12)
		return false;
	last = days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last = 29;
	return day >= 1 && day <= last;
}
