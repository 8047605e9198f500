/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_POLICY_H
#define IMMURE_RUNTIME_AUDIT_POLICY_H

#include <jansson.h>

#include "base/arena.h"
#include "policies/bundle.h"

/*
 * Who answers for the policy of a run: the signature that stands beside it now, held against the
 * digests of the sources that the run was made from.
 *
 * Returns   NULL (there is none that can be read), or {"key":ID,"state":S}: "ok", "unknown key" (of
 *           another than the user's own: not checked), "other version" (of other sources than the
 *           run's), "does not fit". To be released by json_decref().
 */
json_t *audit_policy_signature(const struct bundle *bundle, struct arena *arena);

#endif
