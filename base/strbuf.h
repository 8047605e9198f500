/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_STRBUF_H
#define IMMURE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

/* A growing string, always NUL-terminated once something was added. Failure sticks: check once. */
struct strbuf {
	char *p; /* NULL while empty */
	size_t len;
	size_t cap;
	bool failed; /* out of memory at some addition */
};

void strbuf_add(struct strbuf *sb, const void *bytes, size_t n);
void strbuf_puts(struct strbuf *sb, const char *s);
void strbuf_putc(struct strbuf *sb, char c);
void strbuf_span(struct strbuf *sb, struct span s);
void strbuf_u64(struct strbuf *sb, uint64_t v); /* decimal */
void strbuf_i64(struct strbuf *sb, int64_t v);
void strbuf_addf(struct strbuf *sb, const char *format, ...) printf_like(2, 3);

/* Untrusted text made safe for a terminal or a log line: control bytes, DEL, ESC and invalid UTF-8
 * as \xNN, newline and tab as \n and \t, backslash doubled. */
void strbuf_escaped(struct strbuf *sb, const char *bytes, size_t n);

/* Bytes that are neither unreserved (RFC 3986, section 2.3) nor in `keep` become %NN. */
void strbuf_percent(struct strbuf *sb, struct span text, const char *keep);

/*
 * A path as a reference to a URI: "file:///etc/a%20b", or relative. What is neither unreserved nor
 * a slash is %NN, so that nothing in a name is taken for a scheme, a query or a fragment.
 *
 * Source    RFC 3986, sections 2.3 and 4.1
 */
void strbuf_uri(struct strbuf *sb, const char *path);

/* "" while empty: never NULL. */
const char *strbuf_str(const struct strbuf *sb);
void strbuf_reset(struct strbuf *sb); /* length 0, memory and failure kept */
void strbuf_done(struct strbuf *sb);

#define cleanup_strbuf cleanup(strbuf_done)

/* The time in UTC, RFC 3339 with nanoseconds: "2026-11-25T10:00:00.000000000Z". Years 1970 to 9999.
 */
void strbuf_utc(struct strbuf *sb, const struct timespec *time);

#endif
