/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_PLAN_LSM_H
#define IMMURE_SANDBOX_PLAN_LSM_H

#include "sandbox/plan.h"

/*
 * The AppArmor profile of a plan that has one (plan->lsm.profile).
 *
 *   out  appended to; the language of apparmor.d(5)
 *
 * Returns   0, -EINVAL (a path that the language cannot hold), -ENOMEM, or of open(2).
 * Effects   looks where links of the root lead; changes nothing.
 */
must_check int plan_profile_text(const struct plan *plan, struct arena *arena, struct strbuf *out,
				 struct err *err);

/* The profile could not be loaded: the floor alone remains, and the ledger says why. */
void plan_drop_profile(struct plan *plan, const char *why);

#endif
