/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_DRAFT_H
#define IMMURE_RUNTIME_POLICY_DRAFT_H

#include "policies/bundle.h"

/*
 * Compile a policy whose text is not written yet, as if it stood in `file`.
 *
 * Returns   0, -EINVAL (the faults have been printed), -ENOMEM.
 */
must_check int policy_draft_compile(const char *file, struct span text, struct arena *arena,
				    struct bundle *ret, struct err *err);

#endif
