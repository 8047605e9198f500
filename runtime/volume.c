/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/dirs.h"

int volumes_open(struct err *err)
{
	return dirs_open_data("volumes", err);
}

static int check_name(const char *name, struct err *err)
{
	if (text_is_id(name))
		return 0;
	err_set(err, EINVAL,
		"volume name \"%.70s\": expected 1 to 64 letters, digits, '_', '.', '-', the first a letter or digit",
		name);
	err->stage = ERR_USAGE;
	return -EINVAL;
}

/* Is what we hold open still what the name stands for? */
static bool is_current(int volumes, const char *name, int fd)
{
	struct stat mine = { 0 };
	struct stat named = { 0 };

	return fstat(fd, &mine) == 0 && fstatat(volumes, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

int volume_open(int volumes, const char *name, enum volume_lock how, struct err *err)
{
	int r = check_name(name, err);

	if (r < 0)
		return r;
	for (;;) {
		cleanup_close int fd =
			openat(volumes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			return err_set(err, ENOENT, "there is no volume %s", name);
		if (fd < 0)
			return err_sys(err, errno, "cannot open the volume %s", name);
		do
			r = flock(fd, how == VOLUME_SHARED ? LOCK_SH : LOCK_EX | LOCK_NB);
		while (r < 0 && errno == EINTR);
		if (r < 0 && errno == EWOULDBLOCK)
			return err_set(err, EBUSY, "the volume %s is in use", name);
		if (r < 0)
			return err_sys(err, errno, "cannot lock the volume %s", name);
		if (is_current(volumes, name, fd))
			return steal_fd(fd);
	}
}

int volume_temporary(const char *prefix, char ret[VOLUME_TEMPORARY_LEN], struct err *err)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(err, errno, "cannot get random bytes");
	snprintf(ret, VOLUME_TEMPORARY_LEN, "%s%016llx", prefix, (unsigned long long)random);
	return 0;
}

static int drop_quota(int volumes, const char *name, struct err *err)
{
	cleanup_close int dir =
		openat(volumes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return dir < 0 ? 0 : volume_quota_drop(dir, err);
}

struct filling {
	const struct volume_new *how;
	volume_fill_fn fill; /* or NULL */
	void *arg;
};

static int fill_data(int dir, const struct filling *with, struct err *err)
{
	cleanup_close int data = -1;
	int r;

	if (!with->fill)
		return 0;
	data = openat(dir, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (data < 0)
		return err_sys(err, errno, "cannot open its folder");
	r = with->fill(data, with->arg, err);
	if (r == 0 && syncfs(data) < 0)
		r = err_sys(err, errno, "cannot write it to disk");
	return r;
}

/* What stands in the folder before it gets its name. */
static int fill(int dir, const struct filling *with, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const struct volume_limits *limits = &with->how->limits;
	int r;

	flat_putu(&text, "created", (uint64_t)time(NULL));
	if (limits->bytes)
		flat_putu(&text, "max-bytes", limits->bytes);
	if (limits->inodes)
		flat_putu(&text, "max-files", limits->inodes);
	strbuf_span(&text, with->how->record);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = volume_quota_set(dir, limits, err);
	if (r < 0)
		return r;
	if (mkdirat(dir, "data", 0700) < 0)
		return err_sys(err, errno, "cannot make its folder");
	r = fill_data(dir, with, err);
	return r < 0 ? r : fd_replace_file(dir, "record", text.p, text.len, true, err);
}

static int make_as(int volumes, const char *temporary, const char *name, const struct filling *with,
		   struct err *err)
{
	cleanup_close int dir =
		openat(volumes, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (dir < 0)
		return err_sys(err, errno, "cannot open its folder");
	/* The collector takes what is not locked; it cannot run before this, see below. */
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, errno, "cannot lock its folder");
	r = fill(dir, with, err);
	if (r < 0)
		return r;
	if (renameat2(volumes, temporary, volumes, name, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? err_set(err, EEXIST, "there is one already")
				       : err_sys(err, errno, "cannot give it its name");
	if (fsync(volumes) < 0)
		return err_sys(err, errno, "cannot write the folder of volumes");
	return 0;
}

int volume_make_filled(int volumes, const char *name, const struct volume_new *how,
		       volume_fill_fn fill_it, void *arg, struct err *err)
{
	/* A descriptor of our own: a lock belongs to the open file, and the caller may hold one. */
	cleanup_close int lock = openat(volumes, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct filling with = { .how = how, .fill = fill_it, .arg = arg };
	char temporary[VOLUME_TEMPORARY_LEN];
	struct err ignored = { 0 };
	int r = check_name(name, err);

	if (r < 0)
		return r;
	if (lock < 0 || flock(lock, LOCK_SH) < 0)
		return err_sys(err, errno, "cannot lock the folder of volumes");
	r = volume_temporary(VOLUME_NEW, temporary, err);
	if (r < 0)
		return r;
	if (mkdirat(volumes, temporary, 0700) < 0)
		return err_sys(err, errno, "cannot make the volume %s", name);
	r = make_as(volumes, temporary, name, &with, err);
	if (r == 0)
		return 0;
	if (drop_quota(volumes, temporary, &ignored) < 0 ||
	    fd_remove_tree(volumes, temporary, &ignored) < 0)
		ignored.code = 0; /* garbage has a name that says so */
	return err_wrap(err, "volume %s", name);
}

int volume_make(int volumes, const char *name, const struct volume_new *how, struct err *err)
{
	return volume_make_filled(volumes, name, how, NULL, NULL, err);
}
