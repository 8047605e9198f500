/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/known_digests.h"

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"

#define TABLE "../digests"
#define SLOTS 4096
#define MAGIC 0x316769646d6d69U /* "immdig1" */
#define SETTLED_S 2

/* What a slot holds; the rest of it is zero. */
struct slot {
	uint64_t magic;
	uint64_t dev, ino, size;
	int64_t changed_s, changed_ns;
	struct digest digest;
	struct digest check; /* of all before it */
};
static_assert(sizeof(struct slot) == 112 && sizeof(struct slot) <= KNOWN_SLOT_BYTES, "no holes");

static struct digest check_of(const struct slot *slot)
{
	return digest_of(slot, offsetof(struct slot, check));
}

void known_slot_encode(const struct known_file *file, const struct digest *digest,
		       uint8_t ret[KNOWN_SLOT_BYTES])
{
	struct slot slot = {
		.magic = MAGIC,
		.dev = file->dev,
		.ino = file->ino,
		.size = file->size,
		.changed_s = file->changed.tv_sec,
		.changed_ns = file->changed.tv_nsec,
		.digest = *digest,
	};

	slot.check = check_of(&slot);
	memset(ret, 0, KNOWN_SLOT_BYTES);
	memcpy(ret, &slot, sizeof(slot));
}

bool known_slot_decode(const uint8_t bytes[KNOWN_SLOT_BYTES], struct known_file *ret_file,
		       struct digest *ret_digest)
{
	struct slot slot;
	struct digest check;

	memcpy(&slot, bytes, sizeof(slot));
	check = check_of(&slot);
	if (slot.magic != MAGIC || memcmp(&slot.check, &check, sizeof(check)) != 0)
		return false;
	*ret_file = (struct known_file){
		.dev = slot.dev,
		.ino = slot.ino,
		.size = slot.size,
		.changed = { slot.changed_s, slot.changed_ns },
	};
	*ret_digest = slot.digest;
	return true;
}

static bool has_slot(const struct known_digests *known, const struct known_file *file)
{
	return known && major(file->dev) != 0;
}

static off_t place_of(const struct known_file *file)
{
	return (off_t)((file->ino ^ file->dev << 5) % SLOTS * KNOWN_SLOT_BYTES);
}

bool known_digest_find(const struct known_digests *known, const struct known_file *file,
		       struct digest *ret)
{
	uint8_t bytes[KNOWN_SLOT_BYTES];
	struct known_file there;
	struct digest digest;
	cleanup_close int fd = -1;

	if (!has_slot(known, file))
		return false;
	fd = openat(known->dir, TABLE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || pread(fd, bytes, sizeof(bytes), place_of(file)) != sizeof(bytes) ||
	    !known_slot_decode(bytes, &there, &digest))
		return false;
	if (there.dev != file->dev || there.ino != file->ino || there.size != file->size ||
	    there.changed.tv_sec != file->changed.tv_sec ||
	    there.changed.tv_nsec != file->changed.tv_nsec)
		return false;
	*ret = digest;
	return true;
}

void known_digest_keep(const struct known_digests *known, const struct known_file *file,
		       const struct timespec *begun, const struct digest *digest)
{
	uint8_t bytes[KNOWN_SLOT_BYTES];
	cleanup_close int fd = -1;

	if (!has_slot(known, file) || begun->tv_sec - file->changed.tv_sec <= SETTLED_S)
		return;
	known_slot_encode(file, digest, bytes);
	fd = openat(known->dir, TABLE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0600);
	if (fd < 0 || pwrite(fd, bytes, sizeof(bytes), place_of(file)) < 0)
		return; /* a full disk: what was written in part is not whole, and so not there */
}
