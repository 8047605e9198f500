/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_H
#define IMMURE_RUNTIME_STORE_H

/*
 * The store of images: $XDG_DATA_HOME/immure, or /var/lib/immure for root. Every folder is 0700 and
 * is checked when it is opened.
 *
 *   lock             flock: shared while something is added, exclusive while garbage is collected
 *   blobs/sha256/H   manifests, configurations, compressed layers, by their digest
 *   layers/H.one/    one unpacked layer by its diffID: root/ and record; H.range with a range of
 * ids images/H         by digest of the manifest: the flat record that `immure run` reads refs/H by
 * digest of the reference's text: the reference and the manifest's digest partial/H        a
 * compressed layer while it comes in; locked by whoever brings it tmp/             what is being
 * made; locked by its maker, garbage otherwise
 *
 * Everything appears under its name at once and complete: temporary name, fsync(2), then
 * renameat2(2) that replaces nothing, then fsync(2) of the folder. The locks end with the process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/strbuf.h"

#define STORE_DIGEST_LEN (sizeof("sha256:") - 1 + DIGEST_HEX_LEN) /* with the final NUL */

struct store {
	int dir; /* descriptor of the store itself */
	int blobs, layers, images, refs, partial, tmp;
	int lock;   /* holds the lock; -1: not locked */
	char *path; /* absolute; owned, freed by store_close() */
};

#define STORE_CLOSED                                                                           \
	{                                                                                      \
		.dir = -1, .blobs = -1, .layers = -1, .images = -1, .refs = -1, .partial = -1, \
		.tmp = -1, .lock = -1                                                          \
	}

/*
 * Open the store, making what is missing.
 *
 *   ret  set in any case; ended by store_close()
 *
 * Returns   0, -EPERM (a folder is another user's, or others may enter it), -errno. Stage
 * ERR_STATE.
 */
must_check int store_open(struct store *ret, struct err *err);
void store_close(struct store *store);
#define cleanup_store cleanup(store_close)

/* Hold the store against the collector: until store_close(). Waits for a collector that works. */
must_check int store_lock_shared(struct store *store, struct err *err);
/* Be the collector. -EBUSY when something is being added. */
must_check int store_lock_exclusive(struct store *store, struct err *err);

/* A folder of the store, such as "volumes", 0700, made if it is missing. Returns a descriptor. */
must_check int store_open_dir(const struct store *store, const char *name, struct err *err);

/*
 * The hex part of "sha256:HEX", 64 lower-case digits.
 *
 * Returns   a pointer into digest, or NULL: anything else, other algorithms too.
 */
const char *store_digest_hex(const char *digest);
void store_digest_of(const void *bytes, size_t n, char ret[STORE_DIGEST_LEN]);

/*
 * Keep bytes as a blob. One that is there already is left alone.
 *
 *   expected    what its digest must be, or NULL
 *   ret_digest  filled on success; or NULL
 *
 * Returns   0, -EBADMSG (another digest), -EINVAL (expected is no sha256 digest), -errno.
 */
must_check int store_put_blob(const struct store *store, const void *bytes, size_t n,
			      const char *expected, char ret_digest[STORE_DIGEST_LEN],
			      struct err *err);

/* Open a blob for reading. Its bytes are not verified. Returns a descriptor, -ENOENT, -errno. */
must_check int store_open_blob(const struct store *store, const char *digest, uint64_t *ret_size,
			       struct err *err);

/* Read a small blob and verify its digest. -EFBIG above max, -EBADMSG if it was damaged. */
must_check int store_read_blob(const struct store *store, const char *digest, size_t max,
			       struct strbuf *ret, struct err *err);

bool store_has_blob(const struct store *store, const char *digest);

/*
 * Publish tmp/from as into/name: rename that replaces nothing, then fsync(2) of the folder.
 *
 * Returns   0, -EEXIST (somebody else was first; from is still there), -errno.
 */
must_check int store_publish(const struct store *store, const char *from, int into,
			     const char *name, struct err *err);

/*
 * A new folder in tmp/, locked as long as *ret_fd is open: the collector leaves it alone.
 *
 *   prefix    first letter of its name
 *   ret_name  filled on success; names of at most 23 letters
 */
must_check int store_make_staging(const struct store *store, char prefix, char ret_name[24],
				  int *ret_fd, struct err *err);

/* A name for something in tmp/: the prefix, a dash, 16 random digits. */
must_check int store_random_name(char prefix, char ret[24], struct err *err);

#endif
