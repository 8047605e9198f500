/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SIGNATURE_CHECK_H
#define IMMURE_RUNTIME_SIGNATURE_CHECK_H

/*
 * Is an image that comes in signed as signatures.yaml demands? Signatures lie beside it as cosign
 * and containers/image lay them: under the tag sha256-HEX.sig, or as what refers to it. Their
 * bytes are read by immure-unpack, confined; a payload only once a key fits.
 */

#include "runtime/image_parse.h"
#include "runtime/image_record.h"
#include "runtime/registry_proto.h"
#include "runtime/signature_policy.h"
#include "runtime/store.h"

#define SIGNATURE_TAG_MAX 80
#define SIGNATURE_TEXT_MAX 1024 /* in base64 */
#define SIGNATURE_NOTE "dev.cosignproject.cosign/signature"

/* A signature that was taken. In arena. */
struct signature_taken {
	const char *key;     /* "sha256:" and the digest of the public key (DER) */
	const char *payload; /* digest of what was signed */
	const char *name;    /* as the image was called there */
};

struct signatures_taken {
	size_t n, cap;
	struct signature_taken *items;
};

/* What lies beside an image. */
struct signature_source {
	/*
	 * A manifest by tag or digest, a blob by digest, an index of what refers to a digest.
	 *
	 *   size  of a blob
	 *
	 * Returns   0, -ENOENT (it is not there), -errno.
	 */
	int (*fetch)(void *data, enum registry_op op, const char *name, uint64_t size,
		     struct strbuf *ret, struct err *err);
	void *data;
	bool any_type; /* signatures are among what refers to it whatever type that has */
};

struct signature_check {
	struct signature_source source;
	const struct image_ref *ref; /* what it is called; NULL: it has no name */
	const struct signature_policies *policies;
	struct arena *arena;
};

/* "sha256-HEX.sig": where the signatures of a manifest are. */
void signature_tag(const char *digest, char ret[SIGNATURE_TAG_MAX]);

/*
 * Check a manifest.
 *
 *   digest  of the manifest, or of the index that leads to it
 *   taken   those that counted are added
 *
 * Returns   1 (as demanded), 0 (not; *err says why, for a caller that has no other digest to try),
 *           -EINVAL (a key is none), -errno. Stage ERR_TRUST but for faults of the network.
 */
must_check int signature_check(const struct signature_check *check, const char *digest,
			       struct signatures_taken *taken, struct err *err);

/* As the image's record has them: "KEY PAYLOAD NAME". */
must_check int signatures_as_texts(const struct signatures_taken *taken, struct arena *arena,
				   struct image_texts *ret, struct err *err);

/* -EACCES for an image that no signature helps: nobody needs to be asked about it. */
must_check int signatures_allow(const struct signature_policies *policies,
				const struct image_ref *ref, struct err *err);

/* Whether any signature is looked for at all. */
bool signatures_are_demanded(const struct signature_policies *policies,
			     const struct image_ref *ref);

#endif
