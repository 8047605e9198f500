/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tool_path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *own_path(struct arena *arena)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	return n > 0 && (size_t)n < sizeof(path) ? arena_strndup(arena, path, (size_t)n) : NULL;
}

static const char *find(const char *name, const char *installed, struct arena *arena)
{
	const char *own = own_path(arena);
	const char *slash = own ? strrchr(own, '/') : NULL;
	const char *beside;

	if (slash) {
		beside = arena_printf(arena, "%.*s/%s", (int)(slash - own), own, name);
		if (beside && access(beside, X_OK) == 0)
			return beside;
	}
	return arena_printf(arena, "%s/%s", installed, name);
}

const char *helper_path(struct arena *arena, const char *name)
{
	return find(name, IMMURE_LIBEXECDIR, arena);
}

int helper_environment(struct arena *arena, const char *const *names, size_t n, char **ret,
		       struct err *err)
{
	size_t set = 0;

	for (size_t i = 0; i < n; i++) {
		const char *value = getenv(names[i]);

		if (!value)
			continue;
		ret[set] = arena_printf(arena, "%s=%s", names[i], value);
		if (!ret[set++])
			return err_set(err, ENOMEM, "out of memory");
	}
	ret[set] = NULL;
	return 0;
}

const char *tool_path(struct arena *arena)
{
	return helper_path(arena, "immure-tool");
}

const char *launcher_path(struct arena *arena)
{
	return find("immure", IMMURE_BINDIR, arena);
}

const char *probe_path(struct arena *arena)
{
	return find("immure-probe", IMMURE_LIBEXECDIR, arena);
}
