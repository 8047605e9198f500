/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SCOPE_LIMITS_H
#define IMMURE_RUNTIME_SCOPE_LIMITS_H

/*
 * Limits as systemd calls them, so that it does not undo what stands in the files of a cgroup.
 * Pure. Source: systemd.resource-control(5); org.freedesktop.systemd1(5)
 */

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define SCOPE_SET_BYTES 128 /* processors or memory nodes: 1024 */
#define SCOPE_PROPERTIES_MAX 2

struct scope_property {
	const char *name;
	uint64_t number;              /* UINT64_MAX: no limit */
	uint8_t set[SCOPE_SET_BYTES]; /* the lowest is bit 0 of the first byte */
	size_t n_set;                 /* bytes; 0: it is a number */
};

/*
 * "memory.max", "4096" → MemoryMax. What systemd has no property for gives none.
 *
 *   ret  the first of them are filled
 *
 * Returns   how many.
 */
size_t scope_limit_read(struct span file, struct span value,
			struct scope_property ret[SCOPE_PROPERTIES_MAX]);

#endif
