/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_FETCH_H
#define IMMURE_RUNTIME_POLICY_FETCH_H

#include "policies/policy_read.h"

/*
 * A policy_fetch_fn over the shipped profiles and the file system. A path is relative to the folder
 * of the policy that names it; only regular files of at most POLICY_MAX_BYTES are read.
 */
int policy_fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret_text, const char **ret_path, struct err *err);

#endif
