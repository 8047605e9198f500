/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_CHOOSE_H
#define IMMURE_RUNTIME_IMAGE_CHOOSE_H

/* Which image of an index is meant. Pure. */

#include "runtime/image_parse.h"

#define PLATFORM_PART_MAX 32

struct image_platform {
	char os[PLATFORM_PART_MAX];
	char arch[PLATFORM_PART_MAX];    /* as Go calls it: "amd64" */
	char variant[PLATFORM_PART_MAX]; /* "" if it does not matter */
};

/* OS/ARCH[/VARIANT], or ARCH alone for Linux. -EINVAL, stage ERR_USAGE. */
must_check int image_platform_parse(struct span text, struct image_platform *ret, struct err *err);

/* What this machine runs. */
struct image_platform image_platform_here(void);

/*
 * The first image for the platform; a variant that the index does not name will do.
 *
 * Returns   NULL if there is none.
 */
const struct image_descriptor *image_choose(const struct image_index *index,
					    const struct image_platform *platform);

#endif
