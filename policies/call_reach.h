/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_CALL_REACH_H
#define IMMURE_POLICIES_CALL_REACH_H

/*
 * What a policy's filter may let through, whatever is not known of a call: for layers that see
 * less of a call than the filter does, and must not refuse what it grants.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "policies/bundle.h"

/* A call of which some arguments are known. */
struct call_known {
	int nr;
	uint32_t known; /* bit by argument */
	uint32_t low[6];
};

/* Kept from one question to the next. */
struct call_reach {
	const struct bundle *bundle; /* borrowed */
	uint32_t *seen;              /* of the arena: by instruction, bit by word that was loaded */
};

must_check int call_reach_init(struct call_reach *reach, const struct bundle *bundle,
			       struct arena *arena, struct err *err);

/*
 * May the filter allow such a call? Conditions on what is not known are taken as met, each by
 * itself: true where it is only possible, never false where it is.
 */
bool call_reach_may(const struct call_reach *reach, const struct call_known *call);

/*
 * The values of one argument with which the filter may allow a call.
 *
 *   ret, room  filled only if all fit
 *
 * Returns   how many there are, -E2BIG (more than fit, or too many to be listed).
 */
must_check int call_reach_values(const struct call_reach *reach, int nr, unsigned arg,
				 uint32_t *ret, size_t room);

#endif
