/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_PROGRAM_IMPORTS_H
#define IMMURE_POLICIES_PROGRAM_IMPORTS_H

/*
 * What a dynamically linked program asks of libc by name, and what a policy needs for it. A guess
 * to begin with: what its libraries ask for is not seen, and what it could call it need not call.
 * Pure.
 */

#include "base/strbuf.h"
#include "base/text.h"

#define PROGRAM_MAX_BYTES ((size_t)64 << 20)

#define PROGRAM_NEEDS_MAX 40
#define PROGRAM_LISTEN_RULE "allow listen accept"
#define PROGRAM_NAMES_SHOWN 3

/* For each need of the table: the first names that tell. */
struct program_imports {
	struct {
		struct span names[PROGRAM_NAMES_SHOWN]; /* of the table itself */
		unsigned n;
	} by[PROGRAM_NEEDS_MAX];
};

/*
 * Find the names.
 *
 *   file  all of an ELF file of 64 bits; not trusted. Anything else imports nothing
 */
void program_imports_of(struct span file, struct program_imports *ret);

/* Does it import what this policy, or this line, is for? */
bool program_imports_has(const struct program_imports *imports, const char *base_or_rule);

/*
 * What a policy for it should extend, one after the other.
 *
 *   at  0 to begin with
 *
 * Returns   a name, with a comment on it appended to `reasons`; NULL at the end.
 */
const char *program_imports_base(const struct program_imports *imports, size_t *at,
				 struct strbuf *reasons);

/* Append the lines for the section syscalls, with the names that tell. Returns how many. */
size_t program_imports_rules(const struct program_imports *imports, struct strbuf *out);

/* Append as comments what it imports and seldom needs here. */
void program_imports_doubts(const struct program_imports *imports, struct strbuf *out);

#endif
