/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_SUGGEST_H
#define IMMURE_AUDIT_SUGGEST_H

#include <jansson.h>

#include "base/strbuf.h"

/*
 * Append the rule that would allow a call: "allow socket if domain == AF_ALG".
 *
 *   args  the six arguments, for a condition where the call has one worth naming; NULL: none
 */
void suggest_call(const char *call, const json_t *args, struct strbuf *out);

#endif
