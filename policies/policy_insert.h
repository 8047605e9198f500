/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_INSERT_H
#define IMMURE_POLICIES_POLICY_INSERT_H

#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"

/*
 * Copy the text of a policy with one more rule: behind the last one of its section, or in a new
 * section at the end. All else stays byte by byte, comments too.
 *
 *   text     a policy that reads without fault; in YAML
 *   section  "files", "syscalls", ...
 *   rule     without the dash
 *   why      its reason, or NULL
 *
 * Returns   0, or -EINVAL (JSON, or the section is written in brackets).
 */
must_check int policy_insert(struct span text, const char *section, const char *rule,
			     const char *why, struct strbuf *ret, struct err *err);

#endif
