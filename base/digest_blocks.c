/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by the processor's own instructions, where it has them: FIPS 180-4, Intel SDM vol. 2. */
#include "base/digest_blocks.h"

#include <sha2.h>
#include <sys/types.h>

#define BLOCK 64

#ifdef __x86_64__
#include <immintrin.h>
#include <sys/platform/x86.h>

/* clang-format off */
/* Source: FIPS 180-4, 4.2.2 */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
/* clang-format on */

/* The instructions want the eight words as two vectors: a, b, e, f and c, d, g, h. */
__attribute__((target("sha,sse4.1,ssse3"))) static void blocks_x86(uint32_t state[8],
								   const uint8_t *p, size_t n)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
	const __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i_u *)state), 0xb1);
	const __m128i high =
		_mm_shuffle_epi32(_mm_loadu_si128((const __m128i_u *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(low, high, 8);
	__m128i cdgh = _mm_blend_epi16(high, low, 0xf0);
	__m128i t;

	for (; n > 0; n--, p += BLOCK) {
		const __m128i abef_before = abef;
		const __m128i cdgh_before = cdgh;
		__m128i w[4];

		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(
				_mm_loadu_si128((const __m128i_u *)(p + 16 * (size_t)i)), swap);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			__m128i *now = &w[i & 3];
			const __m128i last = w[(i + 3) & 3];

			t = _mm_add_epi32(*now, _mm_load_si128((const __m128i *)constants + i));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, t);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(t, 0x0e));
			/* The words of four groups later. */
			t = _mm_sha256msg1_epu32(*now, w[(i + 1) & 3]);
			t = _mm_add_epi32(t, _mm_alignr_epi8(last, w[(i + 2) & 3], 4));
			*now = _mm_sha256msg2_epu32(t, last);
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	t = _mm_shuffle_epi32(abef, 0x1b);
	cdgh = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i_u *)state, _mm_blend_epi16(t, cdgh, 0xf0));
	_mm_storeu_si128((__m128i_u *)(state + 4), _mm_alignr_epi8(cdgh, t, 8));
}

/* The C library asked the processor when it started: this costs nothing. */
static bool has_instructions(void)
{
	return x86_cpu_active(x86_cpu_SHA) && x86_cpu_active(x86_cpu_SSE4_1) &&
	       x86_cpu_active(x86_cpu_SSSE3);
}
#else
static void blocks_x86(uint32_t state[8], const uint8_t *p, size_t n)
{
	digest_blocks_plain(state, p, n);
}

static bool has_instructions(void)
{
	return false;
}
#endif

void digest_blocks_plain(uint32_t state[8], const uint8_t *p, size_t n)
{
	for (; n > 0; n--, p += BLOCK)
		SHA256Transform(state, p);
}

void digest_blocks(uint32_t state[8], const uint8_t *p, size_t n)
{
	if (has_instructions())
		blocks_x86(state, p, n);
	else
		digest_blocks_plain(state, p, n);
}
