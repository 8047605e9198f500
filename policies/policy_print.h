/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_PRINT_H
#define IMMURE_POLICIES_POLICY_PRINT_H

#include "base/strbuf.h"
#include "policies/policy.h"

enum policy_print_flags {
	POLICY_PRINT_PLACES = 1,  /* a comment behind each rule: where it was written */
	POLICY_PRINT_EXTENDS = 2, /* keep `extends`: of a policy as it was read, not merged */
};

/*
 * Print a policy in its language, keys in a fixed order: reading what was printed gives the same
 * policy, and printing that the same text. Out of memory is remembered in the buffer.
 */
void policy_print(const struct policy *policy, unsigned flags, struct strbuf *ret);

/* A line of the language with one blank between words, outside quotes. */
void policy_print_line(struct span line, struct strbuf *ret);

/* The section `limits:`, or nothing if none is set. */
void policy_print_limits(const struct limits *limits, struct strbuf *ret);

#endif
