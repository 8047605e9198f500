/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_IMPORT_H
#define IMMURE_POLICIES_POLICY_IMPORT_H

/*
 * Policies out of what other tools write. What the language cannot say is left out where that
 * refuses more, and told in a comment at the head: nothing is dropped in silence.
 */

#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "policies/policy.h"

struct import_options {
	const char *name; /* of the new policy */
	size_t n_caps;    /* capabilities that the foreign profile would be used with */
	const char *const *caps;
};

/*
 * Read a seccomp profile of Docker, Podman or the OCI runtime specification.
 *
 *   text   JSON; not trusted
 *   file   how messages call it
 *   ret    text of a policy; filled only on success
 *
 * Returns   0, -EINVAL (diags holds at least one), -ENOMEM.
 * Source    OCI runtime-spec config-linux.md "Seccomp"; docker's and containers-common's profiles
 */
must_check int import_oci(struct span text, const char *file, const struct import_options *options,
			  struct arena *arena, struct strbuf *ret, struct diags *diags);

/* The same for the lines of a systemd unit. Source: systemd.exec(5), systemd.resource-control(5) */
must_check int import_systemd(struct span text, const char *file,
			      const struct import_options *options, struct arena *arena,
			      struct strbuf *ret, struct diags *diags);

#endif
