/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_PAGES_H
#define IMMURE_RUNTIME_REGISTRY_PAGES_H

/* An index that a registry gives in parts, put together. Used in immure-registry only. */

#include <jansson.h>

#include "base/err.h"
#include "base/strbuf.h"

#define PAGES_MAX 100

/*
 * Add a part: the entries of its "manifests" go behind those that are there.
 *
 *   all  NULL before the first; released by json_decref()
 *
 * Returns   0, -EPROTO (no index), -ENOMEM.
 */
must_check int pages_add(json_t **all, struct span page, struct err *err);

/* The whole as text. -EFBIG if it is longer than max. */
must_check int pages_print(const json_t *all, size_t max, struct strbuf *ret, struct err *err);

#endif
