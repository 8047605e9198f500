/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_FD_H
#define IMMURE_BASE_FD_H

/* Whole reads and writes on descriptors. Every descriptor made here is close-on-exec. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Write all n bytes, through EINTR and short writes. Returns 0 or -errno. */
must_check int fd_write_all(int fd, const void *bytes, size_t n);

/* Read until n bytes or end of file. Returns the count, or -errno. */
must_check ssize_t fd_read_full(int fd, void *bytes, size_t n);

/* Append everything up to end of file. Returns 0, -EFBIG (more than max bytes), or -errno. */
must_check int fd_read_all(int fd, size_t max, struct strbuf *ret);

/*
 * Append a regular or /proc file to *ret.
 *
 *   dirfd, path  as openat(2); the last component is not followed if it is a link
 *   max          bytes; more is -EFBIG
 */
must_check int fd_read_file(int dirfd, const char *path, size_t max, struct strbuf *ret,
			    struct err *err);

/* Write a short text to an existing file such as /proc/self/uid_map, in one write(2). */
must_check int fd_write_text(int dirfd, const char *path, const char *text, struct err *err);

/*
 * Replace dirfd/name (0600) by bytes: temporary name, write, optional fsync of file and folder,
 * rename. After a kill there is the old file or the new one.
 */
must_check int fd_replace_file(int dirfd, const char *name, const void *bytes, size_t n, bool sync,
			       struct err *err);

/* Create every missing folder of an absolute path (0700) and open it as a directory. */
must_check int fd_make_dirs(const char *path, struct err *err);

/* Remove dirfd/name and all below it, never following a link. Absent is success. */
must_check int fd_remove_tree(int dirfd, const char *name, struct err *err);

/* Make sure that 0, 1 and 2 are open, on /dev/null where they were not. Returns 0 or -errno. */
must_check int fd_ensure_stdio(void);

#endif
