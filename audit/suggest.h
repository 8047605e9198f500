/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_SUGGEST_H
#define IMMURE_AUDIT_SUGGEST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"

/*
 * Append the rule that would allow a call: "allow socket if domain == AF_ALG".
 *
 *   args  the six arguments, for a condition where the call has one worth naming; NULL: none
 */
void suggest_call(const char *call, const json_t *args, struct strbuf *out);

/*
 * Does the text of a rule name a call, a member of its family, or a group that holds it? What
 * stands behind "if" or "as" does not count.
 */
bool rule_mentions_call(const char *text, const char *call);

#endif
