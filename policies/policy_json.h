/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_JSON_H
#define IMMURE_POLICIES_POLICY_JSON_H

/*
 * A policy as canonical JSON (RFC 8785): keys sorted, no blanks, every scalar a string. It is the
 * language itself in another form: policy_read() takes it. What JSON cannot hold, comments and
 * where a rule was written, goes into a second text.
 */

#include "base/err.h"
#include "base/strbuf.h"
#include "policies/policy.h"

/* Append the policy as policy_print() has it. Returns 0, -ENOMEM, -EINVAL (it cannot be printed).
 */
must_check int policy_json(const struct policy *policy, struct arena *arena, struct strbuf *out,
			   struct err *err);

/* Append {"places":[[RULE,FILE,LINE,COLUMN,WHY],...]}, one for each line of the policy. */
void policy_places_json(const struct policy *policy, struct strbuf *out);

/*
 * Give the rules of a policy that was read from its JSON back where they were written.
 *
 *   text   as above, not trusted; what fits no rule is ignored
 *   name   of the text, for messages
 *   arena  owns what the rules then point to
 *
 * Returns   0, -EINVAL (diags says what is wrong), -ENOMEM.
 */
must_check int policy_places_apply(struct span text, const char *name, struct arena *arena,
				   struct policy *policy, struct diags *diags);

#endif
