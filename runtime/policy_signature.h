/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_SIGNATURE_H
#define IMMURE_RUNTIME_POLICY_SIGNATURE_H

/* Who answers for a policy, with all that it extends: a DSSE envelope over its statement. */

#include "policies/policy.h"

#include "base/err.h"
#include "base/strbuf.h"

#define POLICY_TYPE "application/vnd.immure.policy+json"

/*
 * What is signed, as canonical JSON: digests of the policy's own text and of each base, or of each
 * file of a bundle, and of what they add up to. Where the files lie is not part of it.
 */
void policy_statement(const struct policy *policy, struct strbuf *out);

/* Where the signature of a policy lies if nobody says otherwise: in a bundle, or beside a file. */
const char *policy_signature_file(const char *policy, struct arena *arena);

/*
 * Check it.
 *
 *   file    the envelope
 *   key     private or public, in PEM form
 *   ret_id  the key's, in arena; NULL if it could not be read
 *
 * Returns   0, -EBADMSG (not signed by this key, or not this policy; *err says why), -errno.
 */
must_check int policy_signature_check(const struct policy *policy, const char *file,
				      const char *key, struct arena *arena, const char **ret_id,
				      struct err *err);

#endif
