/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_FILTER_COST_H
#define IMMURE_POLICIES_FILTER_COST_H

#include "policies/filter_emit.h"

/* What the kernel does to answer one call. */
struct filter_cost {
	unsigned least, most; /* instructions that run, over all arguments */
	bool cached;          /* allowed whatever the arguments: Linux 5.11 and later run none */
};

/*
 * Count the instructions that a filter of filter_emit() runs for one call.
 *
 *   code  loadable, and asks for the number before any argument
 *
 * Returns   0, -ENOMEM.
 */
must_check int filter_cost_of(struct filter_code code, uint32_t arch, int nr, struct arena *arena,
			      struct filter_cost *ret);

#endif
