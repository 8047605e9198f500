/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_BUNDLE_FORMAT_H
#define IMMURE_POLICIES_BUNDLE_FORMAT_H

/* The first bytes of a bundle; what follows is a sequence of fields, see bundle_encode.c. */

#include <assert.h>
#include <stdint.h>

#include "base/digest.h"

#define BUNDLE_MAGIC 0x65727569U /* "iure" */
#define BUNDLE_VERSION 6U
#define BUNDLE_NULL UINT32_MAX /* length of an absent text */

struct bundle_head {
	uint32_t magic, version, size, zero;
	struct digest digest; /* SHA-256 of all that follows the head */
};
static_assert(sizeof(struct bundle_head) == 48, "the body starts on a multiple of 8");

#endif
