/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_JSON_H
#define IMMURE_RUNTIME_OCI_JSON_H

/*
 * Read values out of a JSON document that somebody else wrote. The first fault sticks in `err`;
 * from then on every reader gives its default, so that a caller checks once. An absent member and
 * null are the same. Texts are copied into the arena.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define OCI_JSON_MAX ((size_t)8 << 20)

struct oci_json {
	struct arena *arena; /* borrowed */
	struct err *err;     /* borrowed */
	int r;               /* 0, or the first fault */
};

/*
 * Parse a document: UTF-8, no member twice, an object at its top. Integers above 2^63-1, which
 * jansson refuses, are kept.
 *
 *   ret  to be released by json_decref()
 */
must_check int oci_json_parse(const char *text, size_t n, json_t **ret, struct err *err);

/* Read and parse a file (or with dirfd -1 and path "-", standard input). */
must_check int oci_json_load(int dirfd, const char *path, json_t **ret, struct err *err);

/* Remember the first fault: "process.cwd: expected ...". */
void oci_json_fault(struct oci_json *j, int code, const char *format, ...) printf_like(3, 4);

const json_t *oci_json_object(struct oci_json *j, const json_t *in, const char *key);
const json_t *oci_json_array(struct oci_json *j, const json_t *in, const char *key, size_t *ret_n);
const char *oci_json_text(struct oci_json *j, const json_t *in, const char *key);
/* The same, absent is a fault. */
const char *oci_json_need(struct oci_json *j, const json_t *in, const char *key);
/* A text that is an element of an array. */
const char *oci_json_element(struct oci_json *j, const json_t *value, const char *key);
/* NULL-terminated; NULL and n = 0 when absent. */
const char *const *oci_json_texts(struct oci_json *j, const json_t *in, const char *key,
				  size_t *ret_n);
bool oci_json_bool(struct oci_json *j, const json_t *in, const char *key, bool otherwise);
bool oci_json_has(const json_t *in, const char *key);
int64_t oci_json_int(struct oci_json *j, const json_t *in, const char *key, int64_t min,
		     int64_t max, int64_t otherwise);
uint64_t oci_json_u64(struct oci_json *j, const json_t *in, const char *key, uint64_t otherwise);

/* Memory of the arena, zeroed; NULL is a fault already remembered. */
void *oci_json_alloc(struct oci_json *j, size_t n, size_t size);

static inline void oci_json_freep(json_t **json)
{
	json_decref(*json);
}
#define cleanup_json cleanup(oci_json_freep)

#endif
