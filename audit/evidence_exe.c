/* SPDX-License-Identifier: Apache-2.0 */
/* Which program it was: its file, and the digest of it, read piece by piece while it runs. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/evidence.h"
#include "base/cleanup.h"

#define PIECE ((size_t)64 << 10)
#define EXE_MAX ((uint64_t)1 << 30)     /* larger ones are not read */
#define FINISH_MAX ((uint64_t)16 << 20) /* what may be left to read when the program has ended */

static const char *const reasons[] = {
	[EXE_NONE] = "it had ended before it was looked at",
	[EXE_READING] = "it is being read",
	[EXE_UNREADABLE] = "its file cannot be read",
	[EXE_LARGE] = "its file is larger than 1 GiB",
	[EXE_CHANGED] = "its file changed while it was read",
	[EXE_UNFINISHED] = "it had ended before its file was read",
};

static void stop(struct evidence_exe *exe, enum evidence_exe_state state)
{
	if (exe->state == EXE_READING)
		close(exe->fd);
	exe->state = state;
}

static bool is_same(const struct evidence_exe *exe, const struct stat *st)
{
	return exe->dev == st->st_dev && exe->ino == st->st_ino &&
	       exe->size == (uint64_t)st->st_size && exe->changed.tv_sec == st->st_ctim.tv_sec &&
	       exe->changed.tv_nsec == st->st_ctim.tv_nsec;
}

void evidence_exe_read(int proc, struct evidence_exe *exe)
{
	cleanup_close int fd = openat(proc, "exe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char path[PATH_MAX];
	struct stat st = { 0 };
	ssize_t n = readlinkat(proc, "exe", path, sizeof(path));
	int r = fd >= 0 ? fstat(fd, &st) : fstatat(proc, "exe", &st, 0);

	if (n <= 0 || r < 0 || (exe->state != EXE_NONE && is_same(exe, &st)))
		return;
	stop(exe, EXE_NONE);
	strbuf_reset(&exe->path);
	strbuf_add(&exe->path, path, (size_t)n);
	exe->dev = st.st_dev;
	exe->ino = st.st_ino;
	exe->size = (uint64_t)st.st_size;
	exe->changed = st.st_ctim;
	exe->done = 0;
	digest_begin(&exe->digesting);
	if (fd < 0)
		exe->state = EXE_UNREADABLE;
	else if (exe->size > EXE_MAX)
		exe->state = EXE_LARGE;
	else {
		exe->fd = steal_fd(fd);
		exe->state = EXE_READING;
	}
}

static void finish_reading(struct evidence_exe *exe)
{
	struct stat st = { 0 };

	if (fstat(exe->fd, &st) < 0 || !is_same(exe, &st)) {
		stop(exe, EXE_CHANGED);
		return;
	}
	exe->digest = digest_end(&exe->digesting);
	stop(exe, EXE_DONE);
}

bool evidence_exe_step(struct evidence_exe *exe, size_t max)
{
	cleanup_free char *piece = exe->state == EXE_READING ? malloc(PIECE) : NULL;

	for (size_t i = 0; piece && exe->state == EXE_READING && i < max; i += PIECE) {
		ssize_t n = pread(exe->fd, piece, PIECE, (off_t)exe->done);

		if (n <= 0) { /* or it has become shorter */
			stop(exe, n < 0 ? EXE_UNREADABLE : EXE_CHANGED);
			break;
		}
		digest_add(&exe->digesting, piece, (size_t)n);
		exe->done += (uint64_t)n;
		if (exe->done >= exe->size)
			finish_reading(exe);
	}
	if (exe->state == EXE_READING && !piece)
		stop(exe, EXE_UNREADABLE);
	return exe->state == EXE_READING;
}

void evidence_exe_finish(struct evidence_exe *exe)
{
	if (exe->state != EXE_READING)
		return;
	if (exe->size - exe->done > FINISH_MAX)
		stop(exe, EXE_UNFINISHED);
	else
		evidence_exe_step(exe, FINISH_MAX + PIECE);
}

void evidence_exe_json(const struct evidence_exe *exe, struct jsonw *j)
{
	char hex[DIGEST_HEX_LEN];

	jsonw_key(j, "exe");
	jsonw_object(j);
	if (exe->state == EXE_NONE) {
		jsonw_kstr(j, "sha256_absent", reasons[EXE_NONE]);
		jsonw_object_end(j);
		return;
	}
	jsonw_ku64(j, "dev", exe->dev);
	jsonw_ku64(j, "ino", exe->ino);
	jsonw_key(j, "path");
	jsonw_strn(j, exe->path.p, exe->path.len);
	digest_hex(&exe->digest, hex);
	if (exe->state == EXE_DONE)
		jsonw_kstr(j, "sha256", hex);
	else
		jsonw_kstr(j, "sha256_absent", reasons[exe->state]);
	jsonw_ku64(j, "size", exe->size);
	jsonw_object_end(j);
}

void evidence_exe_done(struct evidence_exe *exe)
{
	stop(exe, EXE_NONE);
	strbuf_done(&exe->path);
}
