/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_PLATFORM_H
#define IMMURE_RUNTIME_IMAGE_PLATFORM_H

#include <stdbool.h>

/* This machine in the words of image indexes: "linux", "amd64". Source: OCI image-index.md. */
const char *image_os(void);
const char *image_arch(void);

/* --ids: NULL, "one" or "range". Root's files always have a range of owners. */
bool image_ids_are_range(const char *ids);

#endif
