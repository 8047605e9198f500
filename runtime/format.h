/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_FORMAT_H
#define IMMURE_RUNTIME_FORMAT_H

/*
 * --format of lists: text with {{.Field}} in it, as Docker's and Podman's users write it; \t and
 * \n. There is nothing else: no pipes, no conditions.
 */

#include "base/err.h"
#include "base/strbuf.h"

struct format_field {
	const char *name; /* "Name" */
	const char *value;
};

/*
 * Append one line for one row.
 *
 *   fields  n of them; with values NULL the template is only checked
 *   out     untouched text of ours before; with a failure it may hold a part
 *
 * Returns   0, or -EINVAL (stage ERR_USAGE): an unknown field, which are told, or an open brace.
 */
must_check int format_put(const char *template, const struct format_field *fields, size_t n,
			  struct strbuf *out, struct err *err);

#endif
