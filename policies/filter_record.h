/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_FILTER_RECORD_H
#define IMMURE_POLICIES_FILTER_RECORD_H

#include <linux/filter.h>

#include "base/err.h"
#include "policies/bundle.h"

/*
 * Make the filter of a learning run: what `policy` refuses is refused as ever, and what it allows
 * is announced to the supervisor, unless `known` allows it too, for then there is nothing to learn.
 * Calls that open, execute or end are always announced: their paths and peaks are recorded.
 *
 *   policy  decides; it may come to another answer than `known` for the same call
 *   known   what every learned policy grants anyway
 *   arena   owns *ret
 *
 * Returns   the number of instructions, -E2BIG, -ENOMEM.
 */
must_check int filter_record(const struct bundle *policy, const struct bundle *known,
			     struct arena *arena, const struct sock_filter **ret, struct err *err);

#endif
