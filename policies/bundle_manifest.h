/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_BUNDLE_MANIFEST_H
#define IMMURE_POLICIES_BUNDLE_MANIFEST_H

/*
 * The list of a bundle folder (policy compile --bundle): which files it has, and what they hash to.
 * Canonical JSON: {"files":{FILE:SHA256,...},"name":NAME,"tool":VERSION,"version":"1"}.
 */

#include "base/digest.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "policies/policy.h"

#define BUNDLE_MANIFEST "manifest.json"
#define BUNDLE_SIGNATURE "manifest.sig"
#define BUNDLE_POLICY "policy.json"
#define BUNDLE_PLACES "places.json"
#define BUNDLE_MAX_FILES 64

struct bundle_entry {
	const char *file; /* letters, digits, '-', '_', '.'; no dot in front */
	struct digest digest;
};

struct bundle_manifest {
	const char *name; /* of the policy */
	const char *tool; /* version of the immure that wrote it */
	size_t n;
	struct bundle_entry *entries; /* by file name */
};

/*
 * Read one.
 *
 *   text   not trusted
 *   file   its name, for messages
 *   arena  owns what *ret points to
 *   ret    filled only on success; policy.json is among the entries, manifest.json and its
 *          signature are not
 *
 * Returns   0, -EINVAL (diags says what is wrong, and where), -ENOMEM.
 */
must_check int bundle_manifest_read(struct span text, const char *file, struct arena *arena,
				    struct bundle_manifest *ret, struct diags *diags);

/* Append it; the entries are sorted by file. */
void bundle_manifest_print(const struct bundle_manifest *manifest, struct strbuf *out);

/* The entry of a file, or NULL. */
const struct bundle_entry *bundle_manifest_find(const struct bundle_manifest *manifest,
						const char *file);

#endif
