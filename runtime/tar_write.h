/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TAR_WRITE_H
#define IMMURE_RUNTIME_TAR_WRITE_H

/* Writes tar archives. It reads names, modes and bytes, and parses nothing. */

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"

/* What the header of one entry says. */
struct tar_entry {
	const char *path; /* relative; a folder's ends with '/' */
	const char *link; /* target of a symbolic link, or NULL */
	mode_t mode;      /* as stat(2) has it */
	uint64_t uid, gid, size;
	int64_t mtime;
};

/*
 * Append the header of an entry: one block, or what pax adds before it where the old format cannot
 * say it (long names, large numbers, times before 1970).
 *
 * Returns   0, -EINVAL (neither file, folder, symbolic link nor named pipe), -ENOMEM.
 * Source    POSIX.1-2017, pax, "pax Interchange Format"
 */
must_check int tar_header(const struct tar_entry *entry, struct strbuf *out);

/*
 * Write all that is below a folder as a pax archive, names in order, so that the same tree gives
 * the same bytes. Files with several names are written once for each; sockets and devices are left
 * out, as are extended attributes.
 *
 *   dir  descriptor; no link is followed
 *   out  descriptor
 *
 * Returns   0, -EACCES, -ELOOP (too deep), -ESTALE (a file got shorter meanwhile), -errno.
 */
must_check int tar_write_tree(int dir, int out, struct err *err);

#endif
