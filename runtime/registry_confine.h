/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_CONFINE_H
#define IMMURE_RUNTIME_REGISTRY_CONFINE_H

#include "base/err.h"
#include "policies/bundle.h"

/*
 * Confine immure-registry before it hears the first byte from a registry: no programs, no files but
 * those that names and certificates are read from (read-only), no listening, no core, no
 * privileges, and the filter of builtin/registry. Root becomes nobody.
 *
 *   bundle  the compiled builtin/registry
 *
 * Returns   0, or -errno: the process must end then. -ENOTSUP without Landlock.
 * Effects   changes this process for good. To be called before there are threads.
 */
must_check int registry_confine_apply(const struct bundle *bundle, struct err *err);

#endif
