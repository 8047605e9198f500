/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_FORMAT_H
#define IMMURE_POLICIES_POLICY_FORMAT_H

#include "base/strbuf.h"
#include "base/text.h"
#include "policies/policy.h"

/*
 * Bring the text of a policy into shape, with all its comments: two blanks of indentation a level,
 * one blank between words, comments of neighbouring lines in one column, one empty line at most.
 *
 *   text  what policy_read() accepts; not JSON
 *   name  how messages call it
 *   ret   filled only on success
 *
 * The result is read again: it is the same policy with the same comments, or an error.
 *
 * Returns   0, -EINVAL (diags holds at least one), -ENOMEM.
 */
must_check int policy_format(struct span text, const char *name, struct arena *arena,
			     struct strbuf *ret, struct diags *diags);

#endif
