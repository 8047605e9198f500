/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_CALL_WEIGHTS_H
#define IMMURE_POLICIES_CALL_WEIGHTS_H

/*
 * Calls that are made often and whose arguments a policy asks for: the filter runs for them, so its
 * order follows how often they are made. What is allowed whatever its arguments is not asked: the
 * kernel remembers it.
 */

#include <stdint.h>

#define CALL_WEIGHTS 12

struct call_weight {
	const char *call;
	uint16_t usual; /* thousandths, from strace -c over a compiler, git, python3, node, tar ...
			 */
};

extern const struct call_weight call_weights[CALL_WEIGHTS];

/* The row of a call, or -1. */
int call_weight_find(const char *call);

/*
 * How much a row weighs in the order of a filter, at least 1.
 *
 *   seen  how often each was made in learning runs; a row of 0 was not counted. All 0: none were
 */
uint32_t call_weight_of(const uint64_t seen[CALL_WEIGHTS], int row);

#endif
