/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TOOL_VERBS_H
#define IMMURE_RUNTIME_TOOL_VERBS_H

#include "runtime/verb.h"

/* Every verb there is, NULL-terminated: for help and completion. */
extern const struct verb *const tool_verbs[];

#endif
