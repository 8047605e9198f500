/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_TESTS_SUPPORT_POLICY_TEXT_H
#define IMMURE_TESTS_SUPPORT_POLICY_TEXT_H

/* Policies of unit tests: one that stands in the test, and those that are built in. */

#include "policies/bundle.h"
#include "policies/policy.h"

/*
 * Read a policy, or let the test fail with the first thing that is wrong.
 *
 *   name  "p" for text; else of a builtin
 */
void policy_of_text(const char *name, const char *text, struct arena *arena, struct policy *ret);

/* The same, compiled. */
void bundle_of_text(const char *text, struct arena *arena, struct bundle *ret);

#endif
