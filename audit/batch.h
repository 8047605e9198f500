/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_BATCH_H
#define IMMURE_AUDIT_BATCH_H

/*
 * Where every call is recorded, one record of kind "calls" has many of them: hundreds of thousands
 * a second are written so. What they mean is for readers to say.
 */

#include "base/strbuf.h"
#include "base/text.h"
#include "bpf/events.h"

struct call_table {
	const char *names[TRACER_CALLS]; /* NULL: it has none */
	uint8_t n_args[TRACER_CALLS];    /* 6 for what is not known */
};

/*
 * Fill in names and numbers of arguments.
 *
 *   names  by number, each followed by NUL, "" for none; borrowed
 */
void call_table_fill(struct call_table *table, struct span names);

/*
 * Append one call as a JSON array: [NAME or NUMBER, nanoseconds after the record's at_ns, result,
 * arguments...], with no more arguments than it has.
 */
void batch_add(const struct call_table *table, const struct tracer_return *call,
	       struct strbuf *out);

#endif
