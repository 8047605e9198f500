/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *bytes, size_t n, struct strbuf *out)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t word = (uint32_t)p[i] << 16;

		if (i + 1 < n)
			word |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			word |= p[i + 2];
		strbuf_putc(out, digits[word >> 18]);
		strbuf_putc(out, digits[word >> 12 & 63]);
		for (size_t k = 0; k < 2; k++) {
			if (i + 1 + k < n)
				strbuf_putc(out, digits[word >> (6 - 6 * k) & 63]);
			else
				strbuf_putc(out, '=');
		}
	}
}

/* Bits of one digit, or -1. */
static int value_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int base64_decode(struct span text, struct strbuf *out)
{
	if (text.n % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < text.n; i += 4) {
		const char *p = text.p + i;
		bool last = i + 4 == text.n;
		size_t pads = last && p[3] == '=' ? (p[2] == '=' ? 2 : 1) : 0;
		uint32_t word = 0;

		for (size_t k = 0; k < 4 - pads; k++) {
			int value = value_of(p[k]);

			if (value < 0)
				return -EINVAL;
			word |= (uint32_t)value << (18 - 6 * k);
		}
		if (word & ((1U << (8 * pads)) - 1))
			return -EINVAL;
		for (size_t k = 0; k < 3 - pads; k++)
			strbuf_add(out, (const char[]){ (char)(word >> (16 - 8 * k) & 0xff) }, 1);
	}
	return out->failed ? -ENOMEM : 0;
}
