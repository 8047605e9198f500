/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_CHAIN_H
#define IMMURE_AUDIT_CHAIN_H

/*
 * The event log: JSON lines, each carrying the hash of the one before it.
 *
 *   {"kind":"denied", ... ,"prev":"HEX","seq":3,"time":"2026-01-02T03:04:05.678901234Z",
 *    "v":1,"hash":"HEX"}
 *
 * The hash is SHA-256 of the line up to the last member, closed by a brace. Whoever may write the
 * file can rewrite all of it: ship or print the head to anchor it.
 */

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"

struct chain {
	int fd;             /* borrowed; opened for appending */
	uint64_t seq;       /* of the next record, from 0 */
	struct digest head; /* hash of the last record; zeros before the first */
	size_t written;     /* bytes of the last record */
	struct strbuf line; /* reused */
};

#define cleanup_chain cleanup(chain_done)

/* Start an empty chain on a descriptor. Writes nothing. */
void chain_init(struct chain *chain, int fd);

/*
 * Append one record, with one write(2).
 *
 *   kind     a word
 *   members  further members as JSON without braces: "a":1,"b":"x"; may be empty
 */
must_check int chain_add(struct chain *chain, const char *kind, const struct strbuf *members,
			 struct err *err);

void chain_done(struct chain *chain);

/*
 * Check one line of a log against what came before it.
 *
 *   line  without the newline
 *   prev  hash of the line before; replaced by this line's hash on success
 *   seq   expected number; one more on success
 *
 * Returns   0, or -EBADMSG and what is wrong (changed, removed, reordered).
 */
must_check int chain_check(struct span line, struct digest *prev, uint64_t *seq, struct err *err);

#endif
