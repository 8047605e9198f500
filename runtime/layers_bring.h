/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LAYERS_BRING_H
#define IMMURE_RUNTIME_LAYERS_BRING_H

#include "runtime/progress.h"
#include "runtime/store_layer.h"

/*
 * Bring layers in that are files already, as many at a time as there are processors.
 *
 *   sources  each with an input
 *   ret      n results; or NULL
 *
 * Returns   0, or the first error: the others are cancelled then.
 */
must_check int layers_bring(const struct store *store, const struct layer_source *sources, size_t n,
			    struct progress *progress, struct layer_result *ret, struct err *err);

#endif
