/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_VERB_H
#define IMMURE_RUNTIME_REGISTRY_VERB_H

/* What the verbs that talk to registries have in common. */

#include "runtime/registry_config.h"
#include "runtime/signature_policy.h"
#include "runtime/verb.h"

/* Read registries.yaml, and print its faults. 0, STATUS_USAGE (they were printed), -errno. */
must_check int registry_verb_config(struct arena *arena, struct registry_config *ret,
				    struct err *err);

/* The same of signatures.yaml. */
must_check int registry_verb_policies(struct arena *arena, struct signature_policies *ret,
				      struct err *err);

#endif
