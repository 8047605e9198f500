/* SPDX-License-Identifier: Apache-2.0 */
/* Property: texts end within their arrays and have no control characters; Bearer has a realm. */
#include <stdlib.h>
#include <string.h>

#include "runtime/auth_challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_plain(const char *text, size_t cap)
{
	if (strnlen(text, cap) == cap)
		abort();
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_challenge got = { 0 };
	struct err err = { 0 };

	if (auth_challenge_parse((struct span){ (const char *)data, size }, &got, &err) < 0) {
		if (err.code != EBADMSG || err.len == 0 || got.scheme != AUTH_NONE)
			abort();
		return 0;
	}
	must_be_plain(got.realm, sizeof(got.realm));
	must_be_plain(got.service, sizeof(got.service));
	must_be_plain(got.scope, sizeof(got.scope));
	if (got.scheme == AUTH_BEARER && !got.realm[0])
		abort();
	return 0;
}
