/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_KNOWN_DIGESTS_H
#define IMMURE_AUDIT_KNOWN_DIGESTS_H

/*
 * Digests of files that were read before, so that a program that is started a thousand times is
 * read once. A table of slots in one file of the user's own state folder; whoever can write there
 * can write the records, too. It never grows, and what is not whole in it is not there: a slot
 * holds the digest of its own bytes.
 *
 * A file is the same while its inode says so: device, number, size and time of change. That is held
 * against three things that could make it untrue. A device without a driver of its own (overlay,
 * tmpfs, FUSE) gives its number to another one later, and its inodes may say anything: no slots for
 * it. A change within the clock's grain of the last one leaves no trace: a file must have been
 * unchanged for two seconds when it is begun to be read. And nobody can write to a file while it is
 * executed (execve(2), ETXTBSY).
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/digest.h"

#define KNOWN_SLOT_BYTES 128

struct known_digests {
	int dir; /* borrowed: the table lies beside it, made when there is something to keep */
};

struct known_file {
	uint64_t dev, ino, size;
	struct timespec changed; /* of its inode */
};

/* False: it is not there, or cannot be read. */
bool known_digest_find(const struct known_digests *known, const struct known_file *file,
		       struct digest *ret);

/*
 * Keep it, instead of whatever has the slot; a no-op for files that have none, and if it cannot be
 * written: it is read again then.
 *
 *   begun  CLOCK_REALTIME when the first byte was read
 */
void known_digest_keep(const struct known_digests *known, const struct known_file *file,
		       const struct timespec *begun, const struct digest *digest);

/* A slot to its bytes and back. Decode returns false, and touches nothing, if they are not whole.
 */
void known_slot_encode(const struct known_file *file, const struct digest *digest,
		       uint8_t ret[KNOWN_SLOT_BYTES]);
bool known_slot_decode(const uint8_t bytes[KNOWN_SLOT_BYTES], struct known_file *ret_file,
		       struct digest *ret_digest);

#endif
