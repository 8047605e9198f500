/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SIGNATURE_NOTED_H
#define IMMURE_RUNTIME_SIGNATURE_NOTED_H

/* What an image's record tells of its signatures, and what signatures.yaml demands by now. */

#include "runtime/image_record.h"
#include "runtime/signature_policy.h"

/*
 * Is what was noted of an image when it came in enough for a name of it by now? Keys are known by
 * their digests; no signature is looked at again.
 *
 *   ref        or NULL: no name
 *   signed_by  of the image's record
 *
 * Returns   0, -EACCES (stage ERR_TRUST), -errno (a key's file).
 */
must_check int signatures_noted(const struct signature_policies *policies,
				const struct image_ref *ref, const struct image_texts *signed_by,
				struct err *err);

#endif
