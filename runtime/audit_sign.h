/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_SIGN_H
#define IMMURE_RUNTIME_AUDIT_SIGN_H

/*
 * The signature of a run: signature.json in its folder, a DSSE envelope over the head of the chain.
 * Sealing does not sign: that would start libcrypto for each run. A run that is sealed and not
 * signed is said to be that.
 */

#include <jansson.h>

#include "audit/dsse.h"
#include "runtime/audit_run.h"

/*
 * Sign the head of a sealed run whose chain holds.
 *
 *   key  a private key; NULL: the user's own, made if there is none
 *
 * Returns   0 and the key's id in arena, or -EBADMSG (the record is broken or not sealed), -errno.
 * Effects   replaces signature.json
 */
must_check int audit_sign(const struct audit_run *run, const char *key, struct arena *arena,
			  const char **ret_key_id, struct err *err);

/*
 * Sign the head of the first segments of a run that may go on, the last of which is full: should
 * the rest be lost, these are vouched for. Into signature.N.json.
 *
 *   dir      the run's folder
 *   segment  from 0
 */
must_check int audit_sign_segment(int dir, const char *id, uint32_t segment, const char *key,
				  struct arena *arena, const char **ret_key_id, struct err *err);

/*
 * Check the signatures of segments that there are.
 *
 * Returns   how many fit and are of `key` (NULL: the user's own), or -EBADMSG: one does not fit.
 */
must_check int audit_segment_signatures(const struct audit_run *run, const char *key,
					struct arena *arena, struct err *err);

/*
 * Check the signature of a run, if there is one.
 *
 *   key  the key that has to have signed it, private or public; NULL: the user's own, if any
 *   ret  NULL: not signed. Else {"key":ID,"state":"ok"}, or the state "unknown key" when it is of
 *        another key than the user's own and none was named
 *
 * Returns   0, or -EBADMSG: it does not fit, or a key was named and did not sign; other errors.
 */
must_check int audit_signature(const struct audit_run *run, const char *key, struct arena *arena,
			       json_t **ret, struct err *err);

/* Can a key that was named be used? 0 if none was; -errno (stage ERR_USAGE) if not. */
must_check int audit_key_check(const char *key, struct arena *arena, struct err *err);

/* Turn a statement into a signed envelope, by the user's own key. */
must_check int audit_envelope(const char *type, const struct strbuf *body, const char *key,
			      struct arena *arena, struct strbuf *out, const char **ret_key_id,
			      struct err *err);

/* Returns 0 if the envelope was signed by this key, -EBADMSG if not, another error. */
must_check int audit_envelope_verify(const struct dsse *envelope, const char *key,
				     struct arena *arena, struct err *err);

#endif
