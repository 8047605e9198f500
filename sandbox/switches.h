/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_SWITCHES_H
#define IMMURE_SANDBOX_SWITCHES_H

/*
 * Layers switched off, so that a test can show what the others refuse without them. The program
 * that is installed has no way to do so: switches_none.c. Only tests/layers/ links another one.
 */

#include <stdbool.h>

#include "base/err.h"
#include "policies/policy.h"

bool layer_is_off(enum layer layer);

/* In place of emptying the capability sets: keep them all across execve(2). */
must_check int layer_keep_capabilities(struct err *err);

#endif
