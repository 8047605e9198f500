/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_EXPORTS_H
#define IMMURE_RUNTIME_POLICY_EXPORTS_H

/* A policy as text for another tool: one row a target. */

#include "base/strbuf.h"
#include "policies/bundle.h"

struct policy_exported {
	const struct policy *policy;
	const struct bundle *bundle;
	struct arena *arena;
};

struct policy_export {
	const char *name; /* as in `policy export NAME` */
	const char *file; /* its name in a bundle */
	int (*write)(const struct policy_exported *e, struct strbuf *out, struct err *err);
};

extern const struct policy_export policy_exports[];
extern const size_t n_policy_exports;

const struct policy_export *policy_export_find(const char *name);

#endif
