/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_CUBES_H
#define IMMURE_POLICIES_CUBES_H

/*
 * A condition as a choice of cubes: in each cube every argument is masked and compared once. That
 * is all that the filters of other tools can say.
 */

#include "base/arena.h"
#include "policies/policy.h"

/* All of: (argument & mask[i]) == value[i]. A mask of 0 asks nothing. */
struct cube {
	uint32_t mask[6], value[6];
};

struct cubes {
	size_t n, cap;
	struct cube *items; /* one of them holds; none at all: never */
};

#define CUBES_MAX 1024

/*
 * When a policy allows a call: what its allow rules say, less what its deny rules say.
 *
 *   ret  in arena; a single cube without masks: always
 *
 * Returns   0, -E2BIG (more than CUBES_MAX), -ENOMEM.
 */
must_check int cubes_of_call(const struct policy *policy, const char *call, struct arena *arena,
			     struct cubes *ret);

/* Does one of the cubes hold for these arguments? */
bool cubes_hold(const struct cubes *cubes, const uint64_t args[6]);

#endif
