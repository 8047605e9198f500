/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TAR_WRITE_H
#define IMMURE_RUNTIME_TAR_WRITE_H

/* The blocks of a tar archive. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"

#define TAR_BLOCK 512
#define TAR_END_BYTES (2 * TAR_BLOCK) /* of zeros, at the end of an archive */

/* What the header of one entry says. */
struct tar_entry {
	const char *path; /* relative; a folder's ends with '/' */
	const char *link; /* target of a link, or NULL */
	bool is_hardlink; /* to an entry before this one; size is 0 then */
	mode_t mode;      /* as stat(2) has it */
	uint64_t uid, gid, size;
	int64_t mtime;
	const struct strbuf *records; /* made by tar_record(): what else pax says of it; or NULL */
};

/*
 * Append the header of an entry: one block, or what pax adds before it where the old format cannot
 * say it (long names, large numbers, times before 1970).
 *
 * Returns   0, -EINVAL (neither file, folder, symbolic link nor named pipe), -ENOMEM.
 * Source    POSIX.1-2017, pax, "pax Interchange Format"
 */
must_check int tar_header(const struct tar_entry *entry, struct strbuf *out);

/* Append a record of pax: any bytes as value. */
void tar_record(struct strbuf *records, const char *key, const void *value, size_t n);

/* Zeros behind the bytes of a file, up to the next block. */
void tar_pad(struct strbuf *out, uint64_t size);

#endif
