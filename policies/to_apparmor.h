/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_TO_APPARMOR_H
#define IMMURE_POLICIES_TO_APPARMOR_H

/*
 * A policy as AppArmor profiles, in the language of apparmor.d(5). Deny by default: no include, no
 * abstraction, no abi rule (the parser is told the kernel's features on its command line).
 */

#include "base/err.h"
#include "base/strbuf.h"
#include "policies/lsm_rules.h"

/* Beneath the profile of every sandbox; loaded by an administrator, so no user can change it. */
#define APPARMOR_FLOOR "immure-floor"
/* A user's own profiles live in the policy namespace of this name and his number. */
#define APPARMOR_NAMESPACE "immure-"

/*
 * Write one profile.
 *
 *   rules   its paths may hold any byte
 *   name    of the profile; as text_is_id()
 *   out     appended to
 *
 * Returns   0, or -EINVAL: a path with a control byte, a quote or a backslash, which the language
 *           cannot hold; -ENOMEM.
 */
must_check int to_apparmor(const struct lsm_rules *rules, const char *name, struct strbuf *out,
			   struct err *err);

/* Write the floor: what no sandbox may do whatever its own profile says. */
void to_apparmor_floor(struct strbuf *out);

#endif
