/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUTH_CHALLENGE_H
#define IMMURE_RUNTIME_AUTH_CHALLENGE_H

/* What a registry asks for when it answers 401. Pure; fuzzed. */

#include "base/err.h"
#include "base/text.h"

enum auth_scheme {
	AUTH_NONE, /* nothing that we can do */
	AUTH_BASIC,
	AUTH_BEARER,
};

struct auth_challenge {
	enum auth_scheme scheme;
	char realm[1024]; /* Bearer: where tokens are given out */
	char service[256];
	char scope[1024];
};

/*
 * Read the value of a WWW-Authenticate header, which may hold several challenges. Bearer is taken
 * before Basic; other schemes are passed over.
 *
 *   value  may hold any bytes
 *   ret    filled only on success
 *
 * Returns   0 (scheme may be AUTH_NONE), or -EBADMSG (malformed, Bearer without a realm, a value
 *           that is too long or has control characters).
 * Source    RFC 9110, 11.6.1 and 5.6; distribution's "Token Authentication Specification"
 */
must_check int auth_challenge_parse(struct span value, struct auth_challenge *ret, struct err *err);

#endif
