/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_BUNDLE_H
#define IMMURE_RUNTIME_POLICY_BUNDLE_H

/*
 * A bundle: a policy with all that it extends, in one folder that can be signed and sent. The
 * policy is policy.json; places.json says where its rules were written; filter-ARCH.bpf is the
 * program for the kernel; the rest are texts for other tools. manifest.json lists all of them with
 * their digests, manifest.sig signs it.
 *
 * Nothing of it is believed: every digest is checked, and the program of this machine's
 * architecture is proved to be what policy.json says before a launch uses a new one made of it.
 */

#include "policies/bundle.h"

bool policy_bundle_is(const char *path);

/*
 * Write one; the folder must not be there yet, and appears whole or not at all.
 *
 *   policy, bundle  the same policy, compiled
 */
must_check int policy_bundle_write(const char *folder, const struct policy *policy,
				   const struct bundle *bundle, struct arena *arena,
				   struct err *err);

/*
 * Read one, check it, compile it. Its sources are its files.
 *
 * Returns   0, -EINVAL (diags names the file and what is wrong with it), -ENOMEM.
 */
must_check int policy_bundle_open(const char *folder, struct arena *arena, struct policy *policy,
				  struct bundle *bundle, struct diags *diags);

#endif
