/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SIGNATURE_POLICY_H
#define IMMURE_RUNTIME_SIGNATURE_POLICY_H

/* signatures.yaml: which images need whose signature. See immure-signatures(5). */

#include "policies/policy.h"
#include "runtime/image_ref.h"

enum signature_demand {
	SIGNATURE_NONE,   /* accept: none is needed */
	SIGNATURE_REFUSE, /* no signature helps */
	SIGNATURE_BY_KEYS,
};

enum signature_name {
	SIGNATURE_SAME_NAME,  /* the name that is pulled; by digest alone: its repository */
	SIGNATURE_REPOSITORY, /* its repository, whatever the tag */
	SIGNATURE_OTHER_NAME, /* the name in `other`; without a tag: that repository */
};

struct signature_rule {
	const char
		*scope; /* in full: HOST, HOST/PATH, HOST/PATH:TAG, HOST/PATH@DIGEST; "default" */
	enum signature_demand demand;
	size_t n_keys;
	const char **keys; /* absolute paths of public keys in PEM form */
	uint64_t need;     /* so many of them must have signed; 1 at least */
	enum signature_name name;
	struct image_ref other;
};

struct signature_policy {
	const char *file; /* where it was read */
	struct signature_rule fallback;
	size_t n_rules;
	struct signature_rule *rules;
};

/* The user's and the system's, whichever there are: each of them must be content. */
struct signature_policies {
	size_t n;
	struct signature_policy items[2];
};

/*
 * Parse the text. Pure.
 *
 *   name  how messages call it
 *   ret   filled only on success
 *
 * Returns   0, or -EINVAL (diags holds at least one), -ENOMEM.
 */
must_check int signature_policy_parse(struct span text, const char *name, struct arena *arena,
				      struct signature_policy *ret, struct diags *diags);

/* Read $XDG_CONFIG_HOME/immure/signatures.yaml and /etc/immure/signatures.yaml; none is no error.
 */
must_check int signature_policies_read(struct arena *arena, struct signature_policies *ret,
				       struct diags *diags, struct err *err);

/*
 * The rule for an image: that with the longest scope, else the fallback, which is that for an image
 * without a name (ref is NULL). A scope holds for what
 * lies below it, part by part: r.example/a for r.example/a/b:1, and not for r.example/ab.
 */
const struct signature_rule *signature_rule_of(const struct signature_policy *policy,
					       const struct image_ref *ref);

/* May an image be called `ref` (or NULL: nothing) if whoever signed it called it `signed_name`?
 * Pure. */
bool signature_name_fits(const struct signature_rule *rule, const struct image_ref *ref,
			 const char *signed_name);

/* Put before an error which rule of which file it comes from. */
void signature_blame(const struct signature_policy *policy, const struct signature_rule *rule,
		     struct err *err);

#endif
