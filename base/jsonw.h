/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_JSONW_H
#define IMMURE_BASE_JSONW_H

/*
 * Writes JSON into a strbuf, without spaces. Canonical as long as the caller writes keys in byte
 * order. Strings may hold any bytes: invalid UTF-8 becomes U+FFFD, so the output is always valid.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct jsonw {
	struct strbuf *out; /* borrowed */
	bool comma;         /* the next value needs one */
};

void jsonw_object(struct jsonw *j); /* { */
void jsonw_object_end(struct jsonw *j);
void jsonw_array(struct jsonw *j); /* [ */
void jsonw_array_end(struct jsonw *j);
void jsonw_key(struct jsonw *j, const char *key);
void jsonw_keyn(struct jsonw *j, const char *key, size_t n);

void jsonw_str(struct jsonw *j, const char *s); /* NULL gives null */
void jsonw_strn(struct jsonw *j, const char *s, size_t n);
void jsonw_u64(struct jsonw *j, uint64_t v);
void jsonw_i64(struct jsonw *j, int64_t v);
void jsonw_bool(struct jsonw *j, bool v);
void jsonw_null(struct jsonw *j);
void jsonw_raw(struct jsonw *j, const char *json); /* one value that is JSON already */

/* A key and its value in one line. */
void jsonw_kstr(struct jsonw *j, const char *key, const char *s);
void jsonw_ku64(struct jsonw *j, const char *key, uint64_t v);
void jsonw_ki64(struct jsonw *j, const char *key, int64_t v);
void jsonw_kbool(struct jsonw *j, const char *key, bool v);

#endif
