/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_JSON_H
#define IMMURE_BASE_JSON_H

/*
 * Writes JSON into a strbuf, without spaces. Canonical as long as the caller writes keys in byte
 * order. Strings may hold any bytes: invalid UTF-8 becomes U+FFFD, so the output is always valid.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct json {
	struct strbuf *out; /* borrowed */
	bool comma;	    /* the next value needs one */
};

void json_object(struct json *j); /* { */
void json_object_end(struct json *j);
void json_array(struct json *j); /* [ */
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);

void json_str(struct json *j, const char *s); /* NULL gives null */
void json_strn(struct json *j, const char *s, size_t n);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);

/* A key and its value in one line. */
void json_kstr(struct json *j, const char *key, const char *s);
void json_ku64(struct json *j, const char *key, uint64_t v);
void json_ki64(struct json *j, const char *key, int64_t v);
void json_kbool(struct json *j, const char *key, bool v);

#endif
