/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_PATH_H
#define IMMURE_BASE_PATH_H

/* Paths below a directory that somebody else may have filled: no link leads out (R1). */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * Open `path` as if rootfd were "/": openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS.
 *
 *   path     absolute or relative; links inside are followed but stay inside
 *   flags    open(2) flags; O_CLOEXEC is added
 *   resolve  further RESOLVE_* bits, e.g. RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV
 *
 * Returns   a descriptor, or -errno.
 */
must_check int path_open_in(int rootfd, const char *path, uint64_t flags, uint64_t resolve,
			    struct err *err);

/*
 * Open the directory `path` below rootfd, making what is missing (mode 0755), one component at a
 * time and without following any link: a link where a directory is needed is an error (R3).
 *
 * Returns   an O_PATH directory descriptor, or -ELOOP, -ENOTDIR, -errno.
 */
must_check int path_make_dir_in(int rootfd, const char *path, struct err *err);

/* The same for a file to be mounted over: makes an empty regular file (0644) if nothing is there.
 */
must_check int path_make_file_in(int rootfd, const char *path, struct err *err);

/*
 * Lexical: an absolute path without "//", "." and a final "/". ".." is refused, never resolved.
 *
 * Returns   0, or -EINVAL (not absolute, has ".."), -ENAMETOOLONG, -ENOMEM.
 */
must_check int path_clean(struct arena *arena, const char *path, const char **ret, struct err *err);

/* path is dir itself or below it; both clean. */
bool path_is_below(const char *path, const char *dir);

/*
 * Whether a path is a file of /proc that tells of the machine, not of a process: it has the same
 * name in the next run.
 */
bool path_is_of_machine(const char *path);

#endif
