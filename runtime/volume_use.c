/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume_use.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "base/log.h"
#include "runtime/dirs.h"
#include "runtime/volume.h"
#include "runtime/volume_list.h"

#define ALONE_LOOKS 40
#define ALONE_LOOK_MS 5

static int open_or_make(int volumes, const char *name, bool make, struct err *err)
{
	static const struct volume_new plain = { .record = { "", 0 } };

	for (;;) {
		int fd = volume_open(volumes, name, VOLUME_SHARED, err);
		int r;

		if (fd != -ENOENT)
			return fd;
		if (!make)
			return err_wrap(err, "a run would make it");
		*err = (struct err){ 0 };
		r = volume_make(volumes, name, &plain, err);
		if (r < 0 && r != -EEXIST)
			return r;
		*err = (struct err){ 0 };
	}
}

/* What somebody else's id may list alone has been filled. */
static bool is_empty(int volume)
{
	int data = openat(volume, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_closedir DIR *dir = data < 0 ? NULL : fdopendir(data);
	const struct dirent *entry;

	if (!dir) {
		closep(&data);
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	}
	return true;
}

static int make_staging(int volume, struct err *err)
{
	int r = volume_remove_tree(volume, VOLUME_STAGING, err);
	int fd;

	if (r < 0)
		return r;
	if (mkdirat(volume, VOLUME_STAGING, 0700) < 0)
		return err_sys(err, errno, "cannot make its folder");
	fd = openat(volume, VOLUME_STAGING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "cannot open its folder") : fd;
}

/* The lock is ours alone. Returns 1 if there is something in it now, 0, -errno. */
static int fill(int volume, const struct volume_how *how, const char *target, struct err *err)
{
	cleanup_close int staging = make_staging(volume, err);
	struct err ignored = { 0 };
	int r = staging;

	if (r >= 0)
		r = how->copy(how->arg, target, staging, err);
	if (r > 0 && syncfs(staging) < 0)
		r = err_sys(err, errno, "cannot write it to disk");
	/* Replaces a folder that is empty, and no other. */
	if (r > 0 && (renameat(volume, VOLUME_STAGING, volume, "data") < 0 || fsync(volume) < 0))
		r = err_sys(err, errno, "cannot put what was copied in its place");
	if (r <= 0 && volume_remove_tree(volume, VOLUME_STAGING, &ignored) < 0)
		log_warning("%s", ignored.msg); /* it has a name that says so */
	return r;
}

/* Runs that start at once hold it for a moment to see whether it is empty; others for long. */
static int open_alone(int volumes, const char *name)
{
	for (int i = 0;; i++) {
		struct err busy = { 0 };
		int fd = volume_open(volumes, name, VOLUME_EXCLUSIVE, &busy);

		if (fd != -EBUSY || i == ALONE_LOOKS)
			return fd;
		poll(NULL, 0, ALONE_LOOK_MS);
	}
}

/*
 * Fill a volume that is empty. Whoever fills it, or removes it, has it for itself; whoever uses it
 * meanwhile makes us take it as it is.
 *
 *   lock  shared; exchanged for another one
 *
 * Returns   0, -EAGAIN (it was removed meanwhile: open it again), -errno.
 */
static int fill_if_empty(int volumes, const char *name, const struct volume_how *how,
			 const char *target, int *lock, struct err *err)
{
	cleanup_close int own = -1;
	int r;

	if (!is_empty(*lock))
		return 0;
	closep(lock);
	own = open_alone(volumes, name);
	if (own >= 0 && is_empty(own)) {
		r = fill(own, how, target, err);
		if (r < 0)
			return err_wrap(err, "volume %s", name);
	}
	closep(&own);
	*lock = volume_open(volumes, name, VOLUME_SHARED, err);
	if (*lock != -ENOENT)
		return *lock < 0 ? *lock : 0;
	*err = (struct err){ 0 };
	return -EAGAIN;
}

static int find_data(const char *name, struct arena *arena, const char **ret, struct err *err)
{
	const char *folder = NULL;
	const char *path;
	char resolved[PATH_MAX];
	int r = dirs_data(arena, &folder, err);

	if (r < 0)
		return r;
	path = arena_printf(arena, "%s/volumes/%s/data", folder, name);
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	/* The home may lie behind a link; what is mounted is opened without following any. */
	if (!realpath(path, resolved))
		return err_sys(err, errno, "cannot find the volume %s", name);
	*ret = arena_strdup(arena, resolved);
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* Numbers for a name, which no other run has. */
static int make_anonymous(int volumes, const struct volume_how *how, struct arena *arena,
			  const char **ret, struct err *err)
{
	cleanup_strbuf struct strbuf record = { 0 };
	struct volume_new how_made = { 0 };
	uint64_t random[2] = { 0 };
	const char *name;
	int r;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return err_sys(err, errno, "cannot get random bytes");
	name = arena_printf(arena, "%016llx%016llx", (unsigned long long)random[0],
			    (unsigned long long)random[1]);
	flat_puts(&record, "anonymous", how->run_id);
	if (!name || record.failed)
		return err_set(err, ENOMEM, "out of memory");
	how_made.record = (struct span){ strbuf_str(&record), record.len };
	r = volume_make(volumes, name, &how_made, err);
	if (r == 0)
		*ret = name;
	return r;
}

static int use_one(int volumes, struct plan_mount *m, const struct volume_how *how,
		   struct arena *arena, struct volume_use *ret, struct err *err)
{
	int lock;
	int r;

	if (m->flags & MOUNT_FLAG_ANONYMOUS) {
		r = make_anonymous(volumes, how, arena, &m->source, err);
		if (r < 0)
			return r;
		ret->anonymous[ret->n_anonymous++] = m->source;
		m->flags ^= MOUNT_FLAG_ANONYMOUS | MOUNT_FLAG_NAMED;
	}
	do {
		r = 0;
		lock = open_or_make(volumes, m->source, how->make, err);
		if (lock >= 0 && how->make)
			r = fill_if_empty(volumes, m->source, how,
					  m->flags & MOUNT_FLAG_NOCOPY ? NULL : m->target, &lock,
					  err);
	} while (r == -EAGAIN);
	if (lock >= 0)
		ret->fds[ret->n++] = lock;
	if (lock < 0 || r < 0)
		return lock < 0 ? -err->code : r;
	return find_data(m->source, arena, &m->source, err);
}

int volumes_use(struct plan_request *request, const struct volume_how *how, struct arena *arena,
		struct volume_use *ret, struct err *err)
{
	struct plan_mount *mounts = arena_array(arena, request->n_mounts + 1, sizeof(*mounts));
	cleanup_close int volumes = -1;

	ret->fds = arena_array(arena, request->n_mounts + 1, sizeof(*ret->fds));
	ret->anonymous = arena_array(arena, request->n_mounts + 1, sizeof(*ret->anonymous));
	if (!mounts || !ret->fds || !ret->anonymous)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < request->n_mounts; i++) {
		bool made = request->mounts[i].flags & MOUNT_FLAG_ANONYMOUS;
		int r;

		mounts[i] = request->mounts[i];
		if (!(mounts[i].flags & MOUNT_FLAG_NAMED) && !(made && how->make))
			continue;
		if (volumes < 0)
			volumes = volumes_open(err);
		if (volumes < 0)
			return volumes;
		r = use_one(volumes, &mounts[i], how, arena, ret, err);
		if (r < 0)
			return r;
	}
	request->mounts = mounts;
	return 0;
}

void volumes_release(struct volume_use *use)
{
	for (size_t i = 0; i < use->n; i++)
		closep(&use->fds[i]);
	use->n = 0;
}

void volumes_drop(struct volume_use *use)
{
	struct err ignored = { 0 };
	cleanup_close int volumes = use->n_anonymous > 0 ? volumes_open(&ignored) : -1;

	volumes_release(use);
	for (size_t i = 0; volumes >= 0 && i < use->n_anonymous; i++) {
		struct err why = { 0 };

		if (volume_remove(volumes, use->anonymous[i], &why) < 0 && why.code != ENOENT)
			log_warning("%s", why.msg);
	}
	use->n_anonymous = 0;
}
