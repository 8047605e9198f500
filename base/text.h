/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_TEXT_H
#define IMMURE_BASE_TEXT_H

/* Views on text that is not ours to change and may hold any byte. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct span {
	const char *p; /* not NUL-terminated */
	size_t n;
};

struct span span_of(const char *s);

/* Cut and return what stands before the first sep in *rest; *rest keeps what follows it. */
struct span span_cut(struct span *rest, char sep);

/* Cut the next run of bytes that are not blanks (space, tab); empty at the end. */
struct span span_word(struct span *rest);

struct span span_trim(struct span s); /* blanks off both ends */
bool span_eq(struct span s, const char *text);
bool span_starts(struct span s, const char *prefix);
bool span_has_byte(struct span s, char c);

/*
 * Strict decimal: digits only, no sign, no blanks, no leading zeros but "0" itself, at most max.
 *
 * Returns   0, -EINVAL (not a number), -ERANGE (above max). *ret is untouched on failure.
 */
must_check int span_u64(struct span s, uint64_t max, uint64_t *ret);

/* As C writes it: decimal, hexadecimal after "0x" (small letters), octal after "0". Same errors. */
must_check int span_c_number(struct span s, uint64_t *ret);

/* Bytes: "512MiB", "512M" (=MiB), "1GiB", "64k", "4096". Same errors. */
must_check int span_bytes(struct span s, uint64_t max, uint64_t *ret);

/* Milliseconds: "10m", "30s", "250ms", "2h", "1d"; a bare number is seconds. Same errors. */
must_check int span_millis(struct span s, uint64_t max, uint64_t *ret);

/* A decimal with up to three fraction digits, times 1000: "1.5" gives 1500. Same errors. */
must_check int span_milli(struct span s, uint64_t max, uint64_t *ret);

/* [A-Za-z0-9][A-Za-z0-9_.-]{0,63}: names of runs, sandboxes and volumes (R15). */
bool text_is_id(const char *s);

/* Bytes of the valid UTF-8 sequence at text (RFC 3629), of n that are there; 0 if it is not valid.
 */
size_t text_utf8_length(const char *text, size_t n);

/* Smallest number of single-byte edits from a to b, capped at 99: for "did you mean". */
unsigned text_distance(const char *a, const char *b);

/* The nearest name so far to a wrong one. Begins as { .distance = one more than is near }. */
struct text_near {
	const char *name; /* borrowed; NULL: none is near */
	unsigned distance;
};
void text_near_try(struct text_near *near, const char *wrong, const char *name);

/* Does a label, "KEY=VALUE" or "KEY", fit what is looked for: the same, or its key alone? */
bool text_label_fits(const char *label, const char *wanted);

/* A day of the calendar as YYYY-MM-DD. */
bool span_is_day(struct span s);

#endif
