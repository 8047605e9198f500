/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VERB_POLICY_H
#define IMMURE_RUNTIME_VERB_POLICY_H

/* What the verbs of `immure policy` share. One file a verb: verb_policy_VERB.c. */

#include "policies/bundle.h"
#include "runtime/verb.h"

extern const struct verb verb_policy_check;
extern const struct verb verb_policy_compile;
extern const struct verb verb_policy_diff;
extern const struct verb verb_policy_fmt;
extern const struct verb verb_policy_import;
extern const struct verb verb_policy_learn;
extern const struct verb verb_policy_export;
extern const struct verb verb_policy_install;
extern const struct verb verb_policy_prove;
extern const struct verb verb_policy_targets;
extern const struct verb verb_policy_lint;
extern const struct verb verb_policy_lock;
extern const struct verb verb_policy_sign;
extern const struct verb verb_policy_verify;
extern const struct verb verb_policy_cost;
extern const struct verb verb_policy_minimize;
extern const struct verb verb_policy_new;
extern const struct verb verb_policy_show;

/* Exit status: signed by nobody, by somebody else, or another policy. */
#define STATUS_BROKEN 4

/* Every fault on standard error, as FILE:LINE:COLUMN: text. */
void policy_print_diags(const struct diags *diags);

/*
 * Read a policy with all that it extends and compile it, so that every fault there is shows.
 *
 *   name  a path, "builtin/...", or a stream (policy_cache.h), which is read to its end
 *
 * Returns   0, -EINVAL (diags holds at least one), -ENOMEM.
 * Effects   reads the policy's files
 */
must_check int policy_open(const char *name, struct arena *arena, struct policy *policy,
			   struct bundle *bundle, struct diags *diags);

/* The same; faults are printed. Returns 0, STATUS_USAGE, or -ENOMEM with *err filled. */
must_check int policy_open_or_tell(const char *name, struct arena *arena, struct policy *policy,
				   struct bundle *bundle, struct err *err);

/* What all the rules together say of each system call, on standard output. */
must_check int policy_print_effective(const struct policy *policy, uint32_t arch,
				      struct arena *arena, struct err *err);

/*
 * Write a file that appears complete or not at all. What has that name already and is no file, such
 * as a device, a named pipe or a link, is written to and not replaced.
 */
must_check int policy_write_file(const char *path, const void *bytes, size_t n, struct arena *arena,
				 struct err *err);

#endif
