/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LAYOUT_H
#define IMMURE_RUNTIME_LAYOUT_H

/*
 * What an image comes in: a folder with an OCI layout, or an archive with one, or one of `docker
 * save`. Files are opened by their name in it; no link leads anywhere.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "runtime/store.h"

struct layout_member {
	const char *name;   /* in the archive: relative, clean */
	const char *file;   /* name of the file in the folder; NULL: a link */
	const char *target; /* of a link: clean, or NULL if it leads out */
	const char *digest; /* of the file's bytes */
	uint64_t size;
};

struct layout {
	int dir; /* the folder, or where the members of the archive are */
	bool is_archive;
	char staging[24]; /* name in the store's tmp/; "" for a folder */
	int lock;         /* of the staging folder */
	size_t n;
	struct layout_member *members;
};

#define LAYOUT_NONE                   \
	{                             \
		.dir = -1, .lock = -1 \
	}

/*
 * Open a folder, a file, or standard input ("-"). An archive is unpacked into the store's tmp/.
 *
 *   ret  LAYOUT_NONE before; closed by layout_close(), after failure too
 *
 * Returns   0, -EBADMSG (no archive, damaged), -EFBIG, -E2BIG (limits), -errno.
 */
must_check int layout_open(const struct store *store, const char *path, uint64_t max_bytes,
			   struct arena *arena, struct layout *ret, struct err *err);
void layout_close(const struct store *store, struct layout *layout);

bool layout_has(const struct layout *layout, const char *name);

/*
 * Open a regular file.
 *
 *   ret_digest  or NULL: the digest of its bytes if the layout knows it, else NULL
 *
 * Returns   a descriptor, -ENOENT, -ELOOP (a link), -EINVAL (no regular file).
 */
must_check int layout_open_file(const struct layout *layout, const char *name, uint64_t *ret_size,
				const char **ret_digest, struct err *err);

/* Read a small file; -EFBIG above max. */
must_check int layout_read(const struct layout *layout, const char *name, size_t max,
			   struct strbuf *ret, struct err *err);

#endif
