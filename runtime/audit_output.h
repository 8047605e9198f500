/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_OUTPUT_H
#define IMMURE_RUNTIME_AUDIT_OUTPUT_H

#include <jansson.h>

#include "runtime/options.h"

/*
 * Write a report into each of several files, and to standard output if none is named.
 *
 *   outputs  names; "-" is standard output; the format follows from the ending
 *   format   for standard output and for names whose ending says nothing; NULL: text
 *
 * Returns   0, -EINVAL (stage ERR_USAGE: a format or ending that is not known), -errno.
 */
must_check int audit_output(const json_t *report, const struct opt_list *outputs,
			    const char *format, struct arena *arena, struct err *err);

/* The same check without writing: before anything is done. */
must_check int audit_output_check(const struct opt_list *outputs, const char *format,
				  struct err *err);

/* Names of the formats, with blanks between: for --help and completion. */
#define AUDIT_FORMATS "text json sarif junit ocsf csv markdown html intoto"

#endif
