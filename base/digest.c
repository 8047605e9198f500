/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <sha2.h>
#include <sys/types.h>

struct digest digest_of(const void *bytes, size_t n)
{
	return digest_joined(bytes, n, "", 0);
}

struct digest digest_joined(const void *a, size_t n, const void *b, size_t m)
{
	struct digest d;
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, a, n);
	SHA256Update(&context, b, m);
	SHA256Final(d.bytes, &context);
	return d;
}

struct digest digest_of_pieces(const void *const *pieces, const size_t *lengths, size_t n)
{
	struct digest d;
	SHA2_CTX context;

	SHA256Init(&context);
	for (size_t i = 0; i < n; i++) {
		uint8_t length[8];

		for (size_t b = 0; b < sizeof(length); b++)
			length[b] = (uint8_t)((uint64_t)lengths[i] >> (8 * b));
		SHA256Update(&context, length, sizeof(length));
		SHA256Update(&context, pieces[i], lengths[i]);
	}
	SHA256Final(d.bytes, &context);
	return d;
}

void digest_hex(const struct digest *d, char ret[DIGEST_HEX_LEN])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_LEN; i++) {
		*ret++ = digits[d->bytes[i] >> 4];
		*ret++ = digits[d->bytes[i] & 15];
	}
	*ret = '\0';
}
