/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_TO_OCI_H
#define IMMURE_POLICIES_TO_OCI_H

/* Texts for other tools, made from a policy. What they cannot say is in the ledger (targets.h). */

#include "base/err.h"
#include "base/strbuf.h"
#include "policies/bundle.h"

/*
 * The seccomp section of the OCI runtime specification: what podman --security-opt seccomp=FILE and
 * crun take. Conditions compare the low 32 bits, as the policy does. What the policy refuses gets
 * its error; a call that is allowed for other arguments gets the error of unknown calls.
 *
 *   policy, bundle  the same policy, compiled
 */
must_check int to_oci(const struct policy *policy, const struct bundle *bundle, struct arena *arena,
		      struct strbuf *out, struct err *err);

/* A drop-in for a systemd service. */
must_check int to_systemd(const struct policy *policy, const struct bundle *bundle,
			  struct arena *arena, struct strbuf *out, struct err *err);

/* A table of Landlock access rights for each path, and of what each ABI can hold of them. */
must_check int to_landlock(const struct bundle *bundle, struct strbuf *out, struct err *err);

/* The capability sets of an OCI process: all empty. */
void to_capabilities(struct strbuf *out);

/* The table of a private network (to_nft.h), with the sockets that the filter lets through. */
must_check int to_network(const struct policy *policy, const struct bundle *bundle,
			  struct strbuf *out, struct err *err);

#endif
