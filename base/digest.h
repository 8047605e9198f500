/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_DIGEST_H
#define IMMURE_BASE_DIGEST_H

/*
 * SHA-256, by the processor's instructions or by libmd: neither costs the launcher anything at
 * start-up (libcrypto costs 2 ms).
 */

#include <stddef.h>
#include <stdint.h>

#define DIGEST_LEN 32
#define DIGEST_HEX_LEN 65 /* with the final NUL */

struct digest {
	uint8_t bytes[DIGEST_LEN];
};

/* Bytes that come one after the other. */
struct digest_state {
	uint32_t words[8];
	uint64_t n; /* bytes so far */
	uint8_t block[64];
};

void digest_begin(struct digest_state *state);
void digest_add(struct digest_state *state, const void *bytes, size_t n);
/* The state is used up. */
struct digest digest_end(struct digest_state *state);

struct digest digest_of(const void *bytes, size_t n);
/* Digest of the bytes of a with those of b behind them. */
struct digest digest_joined(const void *a, size_t n, const void *b, size_t m);
/* Digest of several pieces, each preceded by its length, so that no two lists look alike. */
struct digest digest_of_pieces(const void *const *pieces, const size_t *lengths, size_t n);
void digest_hex(const struct digest *d, char ret[DIGEST_HEX_LEN]);

#endif
