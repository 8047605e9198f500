/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume_io.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/tar_tree.h"
#include "runtime/unpack_call.h"
#include "runtime/userns_call.h"

#define BYTES_MAX ((uint64_t)1 << 40)
#define ENTRIES_MAX 10000000
#define DEPTH_MAX 256

struct export_job {
	int data, out;
};

static int export_job(void *of_job, struct err *err)
{
	const struct export_job *job = of_job;

	return tar_write_tree(job->data, job->out, NULL, err);
}

/* Can we read all of it? What belongs to subordinate ids needs the namespace that maps them. */
static int needs_namespace(int fd, int depth)
{
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir || depth == 0)
		return errno == EACCES;
	while ((entry = readdir(dir)) != NULL) {
		struct stat st = { 0 };

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (st.st_uid != geteuid() ||
		    (S_ISDIR(st.st_mode) &&
		     needs_namespace(openat(dirfd(dir), entry->d_name,
					    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
				     depth - 1)))
			return 1;
	}
	return 0;
}

int volume_export(int volumes, const char *name, int out, struct err *err)
{
	cleanup_close int lock = volume_open(volumes, name, VOLUME_SHARED, err);
	cleanup_close int data = -1;
	struct export_job job = { .out = out };
	int r;

	if (lock < 0)
		return lock;
	data = openat(lock, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (data < 0)
		return err_sys(err, errno, "cannot open the volume %s", name);
	job.data = data;
	/* Owners are written as they are inside: with a range of ids they must be seen from inside.
	 */
	if (geteuid() != 0 &&
	    needs_namespace(openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), DEPTH_MAX))
		r = userns_call(export_job, &job, err);
	else
		r = export_job(&job, err);
	return r < 0 ? err_wrap(err, "volume %s", name) : 0;
}

/* Root's volumes belong to root: a run shows their owner as whoever the program is. */
static int own_all(int fd, int depth)
{
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	if (depth == 0)
		return -ELOOP;
	if (fchown(dirfd(dir), 0, 0) < 0)
		return -errno;
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		struct stat st = { 0 };

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (S_ISDIR(st.st_mode))
			r = own_all(openat(dirfd(dir), entry->d_name,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
				    depth - 1);
		else if (fchownat(dirfd(dir), entry->d_name, 0, 0, AT_SYMLINK_NOFOLLOW) < 0)
			r = -errno;
	}
	return r;
}

static int unpack_into(int data, void *of_input, struct err *err)
{
	cleanup_unpack_job struct unpack_job job = UNPACK_JOB_NONE;
	const int *input = of_input;
	const struct unpack_call call = { .task = "layer",
					  .in_max = BYTES_MAX,
					  .out_max = BYTES_MAX,
					  .entries = ENTRIES_MAX,
					  .input = *input,
					  .dir = data,
					  .blob = -1 };
	int r = unpack_own(data, false, err);

	if (r == 0)
		r = unpack_start(&call, &job, err);
	if (r == 0)
		r = unpack_wait(&job, err);
	if (r < 0 || geteuid() != 0)
		return r;
	r = own_all(openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), DEPTH_MAX);
	return r < 0 ? err_sys(err, -r, "cannot give what was unpacked to root") : 0;
}

int volume_import(int volumes, const char *name, int in, const struct volume_new *how,
		  struct err *err)
{
	return volume_make_filled(volumes, name, how, unpack_into, &in, err);
}
