/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_OCI_POLICY_PARTS_H
#define IMMURE_SANDBOX_OCI_POLICY_PARTS_H

/* What the files of oci_policy share. Nobody else includes it. */

#include "sandbox/oci_policy.h"

/* What the record of the run tells of the container, and the ledger but for limits. 0 or -ENOMEM */
must_check int oci_policy_describe(const struct oci_plan *plan, struct plan *view,
				   struct arena *arena);

#endif
