/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/config_paths.h"

#include <stdlib.h>

struct config_paths config_paths_of(const char *name, struct arena *arena)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	struct config_paths paths = { .system = arena_printf(arena, "/etc/immure/%s", name) };

	if (config && config[0] == '/')
		paths.own = arena_printf(arena, "%s/immure/%s", config, name);
	else if (home && home[0] == '/')
		paths.own = arena_printf(arena, "%s/.config/immure/%s", home, name);
	return paths;
}
