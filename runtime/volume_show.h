/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_SHOW_H
#define IMMURE_RUNTIME_VOLUME_SHOW_H

/* Volumes as `immure volume ls` and `inspect` show them. */

#include "base/jsonw.h"
#include "runtime/volume_list.h"

/* Adds {"name":...} with what is known of it; size: or NULL. */
void volume_show_json(struct jsonw *j, const char *name, const char *path,
		      const struct volume_info *info, const struct volume_size *size);

/* On standard output. */
void volume_show_head(void);
void volume_show_line(const char *name, const struct volume_info *info);

#endif
