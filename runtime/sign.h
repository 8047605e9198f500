/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SIGN_H
#define IMMURE_RUNTIME_SIGN_H

/*
 * Signatures by immure-sign, the helper that alone reads private keys. Ed25519.
 *
 * The key of a user is .../immure/keys/ed25519.pem below $XDG_STATE_HOME, a folder that no sandbox
 * shows. It is made when it is first needed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

#define SIGNATURE_LEN 64

/* The user's own key; made if it is not there (*ret_made tells). The path is in arena. */
must_check int sign_own_key(struct arena *arena, const char **ret_path, bool *ret_made,
			    struct err *err);

/* The same, but -ENOENT if there is none. */
must_check int sign_find_key(struct arena *arena, const char **ret_path, struct err *err);

/* "ed25519:0123456789abcdef" of a private or public key file. In arena. */
must_check int sign_key_id(const char *key, struct arena *arena, const char **ret, struct err *err);

/* The public key in PEM form, appended to *ret. */
must_check int sign_public_key(const char *key, struct arena *arena, struct strbuf *ret,
			       struct err *err);

must_check int sign_bytes(const char *key, struct span message, struct arena *arena,
			  uint8_t ret[SIGNATURE_LEN], struct err *err);

/* With any key that signs images: the signature in base64 and the public key in PEM, in arena. */
must_check int sign_image(const char *key, struct span payload, struct arena *arena,
			  const char **ret_signature, struct span *ret_public, struct err *err);

/* Returns 0 if it fits, -EBADMSG if it does not, another error if it could not be checked. */
must_check int sign_verify(const char *key, struct span message,
			   const uint8_t signature[SIGNATURE_LEN], struct arena *arena,
			   struct err *err);

#endif
