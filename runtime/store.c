/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/dirs.h"

#define ALGORITHM "sha256:"
#define HEX_DIGITS (DIGEST_HEX_LEN - 1)

static int check_private(int fd, const char *name, struct err *err)
{
	struct stat st = { 0 };

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at the store's folder %s", name);
	if (st.st_uid != geteuid())
		return err_set(err, EPERM, "the store's folder %s belongs to another user", name);
	if (st.st_mode & 077)
		return err_set(
			err, EPERM,
			"others may enter the store's folder %s: chmod 700 it, if it is yours",
			name);
	return 0;
}

static int open_private(int at, const char *name, struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int fd = openat(at, name, flags);
	int r;

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make the store's folder %s", name);
		fd = openat(at, name, flags);
	}
	if (fd < 0)
		return err_sys(err, errno, "cannot open the store's folder %s", name);
	r = check_private(fd, name, err);
	return r < 0 ? r : steal_fd(fd);
}

static int open_top(const char *path, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0 && errno != ENOENT)
		return err_sys(err, errno, "cannot open the store %s", path);
	if (fd < 0)
		fd = fd_make_dirs(path, err);
	if (fd < 0)
		return fd;
	r = check_private(fd, path, err);
	return r < 0 ? r : steal_fd(fd);
}

static int open_parts(struct store *store, struct err *err)
{
	const struct {
		const char *name;
		int *fd;
	} parts[] = {
		{ "layers", &store->layers }, { "images", &store->images },
		{ "refs", &store->refs },     { "partial", &store->partial },
		{ "tmp", &store->tmp },
	};
	cleanup_close int blobs = open_private(store->dir, "blobs", err);

	if (blobs < 0)
		return blobs;
	store->blobs = open_private(blobs, "sha256", err);
	if (store->blobs < 0)
		return store->blobs;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		*parts[i].fd = open_private(store->dir, parts[i].name, err);
		if (*parts[i].fd < 0)
			return *parts[i].fd;
	}
	return 0;
}

static int open_all(struct store *store, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *path = NULL;
	int r = dirs_data(&arena, &path, err);

	if (r < 0)
		return r;
	store->path = strdup(path);
	if (!store->path)
		return err_set(err, ENOMEM, "out of memory");
	store->dir = open_top(path, err);
	return store->dir < 0 ? store->dir : open_parts(store, err);
}

int store_open(struct store *ret, struct err *err)
{
	int r;

	*ret = (struct store)STORE_CLOSED;
	r = open_all(ret, err);
	if (r < 0) {
		store_close(ret);
		return err_at(err, ERR_STATE);
	}
	return 0;
}

void store_close(struct store *store)
{
	closep(&store->dir);
	closep(&store->blobs);
	closep(&store->layers);
	closep(&store->images);
	closep(&store->refs);
	closep(&store->partial);
	closep(&store->tmp);
	closep(&store->lock);
	free(store->path);
	store->path = NULL;
}

static int open_lock(struct store *store, struct err *err)
{
	if (store->lock >= 0)
		return 0;
	store->lock = openat(store->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return err_sys(err, errno, "cannot open the store's lock");
	return 0;
}

int store_lock_shared(struct store *store, struct err *err)
{
	int r = open_lock(store, err);

	if (r < 0)
		return r;
	while (flock(store->lock, LOCK_SH) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot lock the store");
	}
	return 0;
}

int store_lock_exclusive(struct store *store, struct err *err)
{
	int r = open_lock(store, err);

	if (r < 0)
		return r;
	if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(
			err, EBUSY,
			"the store is in use: an image is being added; try again when it is done");
	return err_sys(err, errno, "cannot lock the store");
}

int store_open_dir(const struct store *store, const char *name, struct err *err)
{
	return open_private(store->dir, name, err);
}

const char *store_digest_hex(const char *digest)
{
	const char *hex = digest + strlen(ALGORITHM);

	if (strncmp(digest, ALGORITHM, strlen(ALGORITHM)) != 0)
		return NULL;
	if (strspn(hex, "0123456789abcdef") != HEX_DIGITS || hex[HEX_DIGITS] != '\0')
		return NULL;
	return hex;
}

void store_digest_of(const void *bytes, size_t n, char ret[STORE_DIGEST_LEN])
{
	struct digest d = digest_of(bytes, n);

	memcpy(ret, ALGORITHM, sizeof(ALGORITHM));
	digest_hex(&d, ret + strlen(ALGORITHM));
}

static int need_hex(const char *digest, const char **ret, struct err *err)
{
	*ret = store_digest_hex(digest);
	if (!*ret)
		return err_set(err, EINVAL,
			       "\"%.90s\" is no digest: expected sha256: and 64 lower-case digits",
			       digest);
	return 0;
}

int store_publish(const struct store *store, const char *from, int into, const char *name,
		  struct err *err)
{
	if (renameat2(store->tmp, from, into, name, RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST)
			return err_set(err, EEXIST, "%s is there already", name);
		return err_sys(err, errno, "cannot publish %s in the store", name);
	}
	if (fsync(into) < 0)
		return err_sys(err, errno, "cannot write the store's folder of %s", name);
	return 0;
}

int store_random_name(char prefix, char ret[24], struct err *err)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_set(err, EIO, "cannot get a random name");
	snprintf(ret, 24, "%c-%016llx", prefix, (unsigned long long)random);
	return 0;
}

int store_make_staging(const struct store *store, char prefix, char ret_name[24], int *ret_fd,
		       struct err *err)
{
	cleanup_close int fd = -1;
	int r = store_random_name(prefix, ret_name, err);

	if (r == 0 && mkdirat(store->tmp, ret_name, 0700) < 0)
		r = err_sys(err, errno, "cannot make a folder in the store");
	if (r < 0) {
		*ret_name = '\0';
		return r;
	}
	fd = openat(store->tmp, ret_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, errno, "cannot lock a folder in the store");
	*ret_fd = steal_fd(fd);
	return 0;
}

static int write_temporary(const struct store *store, const void *bytes, size_t n, char name[24],
			   struct err *err)
{
	cleanup_close int fd = -1;
	int r = store_random_name('b', name, err);

	if (r < 0)
		return r;
	fd = openat(store->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a file in the store");
	r = fd_write_all(fd, bytes, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(store->tmp, name, 0);
		return err_sys(err, -r, "cannot write a file into the store");
	}
	return 0;
}

int store_put_blob(const struct store *store, const void *bytes, size_t n, const char *expected,
		   char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	char digest[STORE_DIGEST_LEN];
	char temporary[24];
	const char *hex = NULL;
	int r;

	store_digest_of(bytes, n, digest);
	if (expected) {
		r = need_hex(expected, &hex, err);
		if (r < 0)
			return r;
		if (strcmp(expected, digest) != 0)
			return err_set(err, EBADMSG, "digest mismatch: expected %s, got %s",
				       expected, digest);
	}
	if (!store_has_blob(store, digest)) {
		r = write_temporary(store, bytes, n, temporary, err);
		if (r < 0)
			return r;
		r = store_publish(store, temporary, store->blobs, store_digest_hex(digest), err);
		if (r < 0)
			unlinkat(store->tmp, temporary, 0);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	if (ret_digest)
		memcpy(ret_digest, digest, sizeof(digest));
	return 0;
}

int store_open_blob(const struct store *store, const char *digest, uint64_t *ret_size,
		    struct err *err)
{
	cleanup_close int fd = -1;
	struct stat st = { 0 };
	const char *hex = NULL;
	int r = need_hex(digest, &hex, err);

	if (r < 0)
		return r;
	fd = openat(store->blobs, hex, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ENOENT, "the store has no blob %s", digest);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the blob %s", digest);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EBADMSG, "the blob %s is not a regular file", digest);
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	return steal_fd(fd);
}

int store_read_blob(const struct store *store, const char *digest, size_t max, struct strbuf *ret,
		    struct err *err)
{
	char seen[STORE_DIGEST_LEN];
	cleanup_close int fd = store_open_blob(store, digest, NULL, err);
	size_t before = ret->len;
	int r;

	if (fd < 0)
		return fd;
	r = fd_read_all(fd, max, ret);
	if (r < 0)
		return err_sys(err, -r, "cannot read the blob %s", digest);
	store_digest_of(strbuf_str(ret) + before, ret->len - before, seen);
	if (strcmp(seen, digest) != 0)
		return err_set(err, EBADMSG, "the blob %s was damaged: immure image check --repair",
			       digest);
	return 0;
}

bool store_has_blob(const struct store *store, const char *digest)
{
	const char *hex = store_digest_hex(digest);
	struct stat st = { 0 };

	return hex && fstatat(store->blobs, hex, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}
