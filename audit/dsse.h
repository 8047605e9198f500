/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_DSSE_H
#define IMMURE_AUDIT_DSSE_H

/* Envelopes of signed payloads. Source: DSSE 1.0.2. */

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

#define DSSE_SIGNATURE_LEN 64

/* The bytes that are signed: "DSSEv1 LEN TYPE LEN BODY". */
void dsse_pae(const char *type, const void *body, size_t n, struct strbuf *out);

/* The envelope as canonical JSON with a newline. */
void dsse_encode(const char *type, const struct strbuf *body, const char *key_id,
		 const uint8_t signature[DSSE_SIGNATURE_LEN], struct strbuf *out);

struct dsse {
	const char *type, *key_id; /* in arena */
	struct strbuf body;        /* released by dsse_done() */
	uint8_t signature[DSSE_SIGNATURE_LEN];
};

/*
 * Take an envelope apart. Its first signature is the one that counts.
 *
 *   text  may be anything
 *   ret   filled only on success
 *
 * Returns   0, -EBADMSG (what is wrong), -ENOMEM.
 */
must_check int dsse_decode(struct span text, struct arena *arena, struct dsse *ret,
			   struct err *err);
void dsse_done(struct dsse *envelope);

#endif
