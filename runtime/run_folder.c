/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/dirs.h"

#define PRUNE_TO 900
#define TAKEN_US 1000                     /* a pause before another name is tried */
#define ID_TICK_NS (1000000000 / 256 + 1) /* so that there are 256 in a second */
#define BUNDLE_MAX ((size_t)1 << 20)

static bool is_run_id(const char *s)
{
	if (strlen(s) != RUN_ID_LEN - 1 || s[8] != '-')
		return false;
	for (size_t i = 0; i < RUN_ID_LEN - 1; i++) {
		if (i != 8 && !strchr("0123456789abcdef", s[i]))
			return false;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((const char *)a, (const char *)b);
}

bool run_folder_is_live(int runs, const char *id)
{
	cleanup_close int dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* Ids sort by time. What cannot be removed now is tried again another time. */
static void remove_oldest(int runs)
{
	int copy = openat(runs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	cleanup_free char *ids = NULL;
	const struct dirent *entry;
	size_t cap = 0;
	size_t n = 0;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (!is_run_id(entry->d_name))
			continue;
		if (n == cap) {
			char *grown;

			cap = cap ? cap * 2 : RUN_KEEP + 256;
			grown = reallocarray(ids, cap, RUN_ID_LEN);
			if (!grown)
				return;
			ids = grown;
		}
		memcpy(ids + n++ * RUN_ID_LEN, entry->d_name, RUN_ID_LEN);
	}
	if (!dir)
		closep(&copy);
	if (n <= RUN_KEEP)
		return;
	qsort(ids, n, RUN_ID_LEN, by_name);
	for (size_t i = 0; i + PRUNE_TO < n; i++) {
		struct err ignored = { 0 };

		if (!run_folder_is_live(runs, ids + i * RUN_ID_LEN) &&
		    fd_remove_tree(runs, ids + i * RUN_ID_LEN, &ignored) < 0)
			return;
	}
}

static int make_unique(struct run_folder *folder, uint8_t *ret_random, struct err *err)
{
	for (int tries = 0; tries < 64; tries++) {
		struct timespec now = { 0 };
		uint8_t random = 0;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return err_sys(err, errno, "cannot get random bytes");
		clock_gettime(CLOCK_REALTIME, &now);
		snprintf(folder->id, sizeof(folder->id), "%08x-%02x%02x", (unsigned)now.tv_sec,
			 (unsigned)(now.tv_nsec / ID_TICK_NS), random);
		if (mkdirat(folder->runs, folder->id, 0700) == 0) {
			*ret_random = random;
			return 0;
		}
		if (errno != EEXIST)
			return err_sys(err, errno, "cannot make a folder for the run's record");
		usleep(TAKEN_US);
	}
	return err_set(err, EEXIST, "cannot find a free name for the run");
}

int run_folder_create(struct run_folder *ret, struct err *err)
{
	struct run_folder folder = { .runs = -1, .dir = -1 };
	uint8_t random = 0;
	int r;

	folder.runs = dirs_open_state("runs", err);
	if (folder.runs < 0)
		return folder.runs;
	r = make_unique(&folder, &random, err);
	if (r == 0) {
		folder.dir = openat(folder.runs, folder.id,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (folder.dir < 0 || flock(folder.dir, LOCK_SH | LOCK_NB) < 0)
			r = err_sys(err, errno, "cannot open the folder of the run's record");
	}
	if (r < 0) {
		run_folder_close(&folder);
		return r;
	}
	if (random % 64 == 0)
		remove_oldest(folder.runs);
	*ret = folder;
	return 0;
}

int run_folder_write(const struct run_folder *folder, const char *name, const void *bytes, size_t n,
		     struct err *err)
{
	cleanup_close int fd =
		openat(folder->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, bytes, n);

	return r < 0 ? err_sys(err, -r, "run %s: cannot write %s", folder->id, name) : 0;
}

int run_folder_link(const struct run_folder *folder, int from_dir, const char *from,
		    const char *name, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r;

	if (linkat(from_dir, from, folder->dir, name, 0) == 0)
		return 0;
	r = fd_read_file(from_dir, from, BUNDLE_MAX, &text, err);
	if (r < 0)
		return r;
	return run_folder_write(folder, name, strbuf_str(&text), text.len, err);
}

void run_folder_discard(struct run_folder *folder)
{
	struct err ignored = { 0 };

	if (folder->dir >= 0 && fd_remove_tree(folder->runs, folder->id, &ignored) < 0)
		ignored.code = 0; /* an unsealed folder is recognised as cut short */
	run_folder_close(folder);
}

void run_folder_close(struct run_folder *folder)
{
	closep(&folder->dir);
	closep(&folder->runs);
}
