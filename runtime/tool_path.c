/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tool_path.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

const char *own_path(struct arena *arena)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	return n > 0 && (size_t)n < sizeof(path) ? arena_strndup(arena, path, (size_t)n) : NULL;
}

const char *tool_path(struct arena *arena)
{
	const char *own = own_path(arena);
	const char *slash = own ? strrchr(own, '/') : NULL;
	const char *beside;

	if (slash) {
		beside = arena_printf(arena, "%.*s/immure-tool", (int)(slash - own), own);
		if (beside && access(beside, X_OK) == 0)
			return beside;
	}
	return IMMURE_LIBEXECDIR "/immure-tool";
}
