/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/unpack_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"

#define DEPTH_MAX 256

int walk_open(int root, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return sys_openat2(root, path, &how);
}

int walk_make(int root, const char *path)
{
	char part[PATH_MAX];
	unsigned depth = 0;

	for (size_t i = 0;; i++) {
		if (path[i] == '/' || path[i] == '\0') {
			cleanup_close int at = -1;
			const char *base;
			char *slash;

			if (++depth > DEPTH_MAX)
				return -ENAMETOOLONG;
			memcpy(part, path, i);
			part[i] = '\0';
			slash = strrchr(part, '/');
			base = slash ? slash + 1 : part;
			if (slash)
				*slash = '\0';
			at = walk_open(root, slash ? part : ".", O_PATH | O_DIRECTORY);
			if (at < 0)
				return at;
			if (mkdirat(at, base, 0755) < 0 && errno != EEXIST)
				return -errno;
		}
		if (path[i] == '\0')
			return 0;
	}
}
