/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_DIGEST_BLOCKS_H
#define IMMURE_BASE_DIGEST_BLOCKS_H

/* The inner part of SHA-256. Nobody but base/digest.c and the tests calls it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Take n blocks of 64 bytes into the state. */
void digest_blocks(uint32_t state[8], const uint8_t *p, size_t n);
/* The same by libmd, whatever the processor has. */
void digest_blocks_plain(uint32_t state[8], const uint8_t *p, size_t n);

#endif
