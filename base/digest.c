/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

#include "base/digest_blocks.h"

#define BLOCK sizeof(((struct digest_state *)0)->block)

void digest_begin(struct digest_state *state)
{
	/* Source: FIPS 180-4, 5.3.3 */
	*state = (struct digest_state){ .words = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
						   0x510e527f, 0x9b05688c, 0x1f83d9ab,
						   0x5be0cd19 } };
}

void digest_add(struct digest_state *state, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	size_t held = state->n % BLOCK;

	state->n += n;
	if (held > 0) {
		size_t take = n < BLOCK - held ? n : BLOCK - held;

		memcpy(state->block + held, p, take);
		p += take;
		n -= take;
		if (held + take < BLOCK)
			return;
		digest_blocks(state->words, state->block, 1);
	}
	digest_blocks(state->words, p, n / BLOCK);
	p += n - n % BLOCK;
	if (n % BLOCK > 0)
		memcpy(state->block, p, n % BLOCK);
}

struct digest digest_end(struct digest_state *state)
{
	static const uint8_t padding[BLOCK] = { 0x80 };
	const uint64_t bits = state->n * 8;
	const size_t held = state->n % BLOCK;
	uint8_t length[8];
	struct digest d;

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	digest_add(state, padding, (held < BLOCK - 8 ? BLOCK : 2 * BLOCK) - 8 - held);
	digest_add(state, length, sizeof(length));
	for (size_t i = 0; i < DIGEST_LEN; i++)
		d.bytes[i] = (uint8_t)(state->words[i / 4] >> (24 - 8 * (i % 4)));
	return d;
}

struct digest digest_of(const void *bytes, size_t n)
{
	return digest_joined(bytes, n, "", 0);
}

struct digest digest_joined(const void *a, size_t n, const void *b, size_t m)
{
	struct digest_state state;

	digest_begin(&state);
	digest_add(&state, a, n);
	digest_add(&state, b, m);
	return digest_end(&state);
}

struct digest digest_of_pieces(const void *const *pieces, const size_t *lengths, size_t n)
{
	struct digest_state state;

	digest_begin(&state);
	for (size_t i = 0; i < n; i++) {
		uint8_t length[8];

		for (size_t b = 0; b < sizeof(length); b++)
			length[b] = (uint8_t)((uint64_t)lengths[i] >> (8 * b));
		digest_add(&state, length, sizeof(length));
		digest_add(&state, pieces[i], lengths[i]);
	}
	return digest_end(&state);
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
