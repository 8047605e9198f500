/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PROFILE_H
#define IMMURE_RUNTIME_PROFILE_H

/*
 * AppArmor profiles of an ordinary user: compiled by apparmor_parser(8), loaded into the policy
 * namespace that `immure setup` made for him, attached by the launch, removed. program_label.h
 * checks from outside.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "sandbox/plan.h"

#define PROFILE_POLICY "/sys/kernel/security/apparmor/policy"
#define PROFILE_REPLACE "/sys/kernel/security/apparmor/.replace"
#define PROFILE_REMOVE "/sys/kernel/security/apparmor/.remove"

#define PROFILE_NAME_MAX 32

/* A name that no other living launcher on this machine has: from our process number. */
const char *profile_name(struct arena *arena);

/*
 * Whether this folder of the kernel's, NAME.NUMBER, is of a profile of ours whose launcher has
 * ended. A monitor may still have it: then it is locked.
 */
bool profile_is_leftover(const char *entry, char name[PROFILE_NAME_MAX]);

/* Text of apparmor.d(5) into what the kernel takes, for the features of the running kernel. */
must_check int profile_compile(const struct strbuf *text, struct strbuf *ret, struct err *err);

/* One write(2) into a file of the kernel's: one transaction. */
must_check int profile_write(const char *path, const void *bytes, size_t n, struct err *err);

/*
 * Compile and load the profile of a plan that has one. What launchers that were killed left behind
 * is removed on the way.
 *
 * Returns   a descriptor that says that it is in use: to be kept open by who may still start
 *           programs under it; -ENOENT (no apparmor_parser), -EINVAL (a path that a profile cannot
 * hold), -EIO (the parser refused it), or what the kernel said. Effects   two short-lived
 * processes; the profile stays loaded until profile_remove().
 */
must_check int profile_load(const struct plan *plan, struct arena *arena, struct err *err);

/*
 * Whether the profile that profile_load() gave a descriptor for was not removed since. -1, for a
 * plan without one, always is. One that somebody put in its place counts as loaded.
 */
bool profile_is_loaded(int profile);

/* Remove it. A failure leaves it to the next launch. A no-op for a plan without one. */
void profile_remove(const struct plan *plan);

#endif
