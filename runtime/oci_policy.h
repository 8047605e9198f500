/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_POLICY_H
#define IMMURE_RUNTIME_OCI_POLICY_H

/*
 * The annotation "immure.policy" of a bundle: "NAME@sha256:HEX", a policy file NAME.yaml in the
 * administrator's folder and the digest of its text. An annotation is an engine's word, and with
 * some engines an image's: it can name what the administrator put there, and nothing else (R11).
 */

#include "base/digest.h"
#include "runtime/policy_cache.h"
#include "sandbox/oci_plan.h"

#define OCI_POLICY_ANNOTATION "immure.policy"
#define OCI_POLICY_FOLDER "/etc/immure/policies"
#define OCI_POLICY_NAME_MAX 64

struct oci_policy_ref {
	char name[OCI_POLICY_NAME_MAX + 1];
	char hex[DIGEST_HEX_LEN];
};

/*
 * Read "NAME@sha256:HEX": NAME begins with a letter or digit and has letters, digits, '_', '.' and
 * '-' besides; HEX is 64 digits, lower case.
 *
 * Returns   0 or -EINVAL. Pure.
 */
must_check int oci_policy_ref_parse(const char *text, struct oci_policy_ref *ret, struct err *err);

/*
 * Find it, check whose it is and its digest, compile it or take the compiled one.
 *
 *   ret  filled only on success; dir is closed by the caller
 *
 * Returns   0, -EINVAL (no such word; another digest), -ENOENT, -EPERM (others may write it).
 */
must_check int oci_policy_load(const char *text, struct arena *arena, struct policy_loaded *ret,
			       struct err *err);

/* Narrow a plan that is complete but for this. */
must_check int oci_policy_bind(struct oci_plan *plan, const struct bundle *bundle,
			       struct arena *arena, struct err *err);

/*
 * Keep the compiled policy with the container's state, for exec: what holds for its first process
 * holds for the next, whatever became of the file.
 */
must_check int oci_policy_keep(const struct policy_loaded *loaded, int dir, struct err *err);
must_check int oci_policy_kept(int dir, struct arena *arena, struct bundle *ret, struct err *err);

/* The value of the annotation, or NULL. */
const char *oci_policy_named(const struct oci_plan *plan);

#endif
