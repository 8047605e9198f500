/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_HEADER_LINK_H
#define IMMURE_RUNTIME_HEADER_LINK_H

/* Where a list goes on that a registry gives in parts. Pure; fuzzed. */

#include "base/err.h"
#include "base/text.h"

/*
 * Find the target of the first link with the relation "next" in the value of a Link header.
 *
 *   value  may hold any bytes
 *   ret    filled only if there is one: an address, relative or whole, printable and without blanks
 *
 * Returns   1, 0 (there is none), or -EBADMSG (malformed, a target that does not fit or that has
 *           other bytes).
 * Source    RFC 8288, 3; distribution-spec 1.1, "Listing Referrers"
 */
must_check int header_link_next(struct span value, char *ret, size_t cap, struct err *err);

#endif
