/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CONFIG_PATHS_H
#define IMMURE_RUNTIME_CONFIG_PATHS_H

/* Where files of settings lie. For the launcher too. */

#include "base/arena.h"

/* The user's own and the system's; own may be NULL. */
struct config_paths {
	const char *own;    /* $XDG_CONFIG_HOME/immure/NAME, else ~/.config/immure/NAME */
	const char *system; /* /etc/immure/NAME */
};

/* In arena. */
struct config_paths config_paths_of(const char *name, struct arena *arena);

#endif
