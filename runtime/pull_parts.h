/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PULL_PARTS_H
#define IMMURE_RUNTIME_PULL_PARTS_H

/* What pull.c and pull_layers.c share; not used elsewhere. */

#include "runtime/image_parse.h"
#include "runtime/pull.h"
#include "runtime/registry_client.h"

struct pull {
	const struct pull_request *request;
	const struct store *store; /* NULL: only its signatures are of interest */
	struct arena *arena;
	struct registry_client client;
	struct image_manifest manifest;
	struct image_config config;
	struct signatures_taken taken; /* what vouches for it */
};

/* All layers, several at a time, each of them once. */
must_check int pull_layers(struct pull *p, struct err *err);

#endif
