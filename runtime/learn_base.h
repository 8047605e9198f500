/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LEARN_BASE_H
#define IMMURE_RUNTIME_LEARN_BASE_H

/*
 * What a learned policy extends: builtin/start, and besides it the builtin policies that fit and
 * save lines. One fits if every call that it opens was needed, and it grants no file, address or
 * limit besides, and refuses nothing that was needed. The same record gives the same choice.
 */

#include "policies/learned_policy.h"

struct learn_draft {
	struct grants grants;
	struct estimate estimate;
	struct strbuf text; /* the policy */
	struct bundle base; /* what grants.base points to: name, explain and files only */
	struct bundle bundle;
};

/*
 * Make the policy over the smallest base that fits.
 *
 *   file  what the policy will be called by, for messages
 *   name  the policy's own
 *   ret   zeroed; its text is released by strbuf_done() in any case
 */
must_check int learn_base_choose(const char *file, const char *name, const struct learned *learned,
				 struct arena *arena, struct learn_draft *ret, struct err *err);

#endif
