/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_DIRS_H
#define IMMURE_RUNTIME_DIRS_H

/* Where immure keeps what it writes. Each folder is 0700, and refused if another user owns it. */

#include "base/arena.h"
#include "base/err.h"

/* Absolute paths in arena; nothing is made. -EINVAL when HOME and the XDG variable are unset. */
must_check int dirs_state(struct arena *arena, const char **ret,
			  struct err *err); /* $XDG_STATE_HOME/immure */

/* $XDG_DATA_HOME/immure if that is set; else /var/lib/immure for root, ~/.local/share/immure for
 * others. */
must_check int dirs_data(struct arena *arena, const char **ret, struct err *err);

/* Open the folder or one below it ("runs", "bundles"), making what is missing. */
must_check int dirs_open_state(const char *sub, struct err *err);
must_check int dirs_open_data(const char *sub, struct err *err); /* "volumes", "layers" */

#endif
