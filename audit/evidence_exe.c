/* SPDX-License-Identifier: Apache-2.0 */
/* Which program it was: its file, and the digest of it, read piece by piece while it runs. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/evidence.h"
#include "base/cleanup.h"
#include "base/fd.h"

#define PIECE ((size_t)64 << 10)
#define EXE_MAX ((uint64_t)1 << 30)     /* larger ones are not read */
#define FINISH_MAX ((uint64_t)16 << 20) /* what may be left to read when the program has ended */

#define STAT_FLAGS 9
#define FORKNOEXEC 0x40U

static const char *const reasons[] = {
	[EXE_NONE] = "it had ended before it was looked at",
	[EXE_READING] = "it is being read",
	[EXE_UNREADABLE] = "its file cannot be read",
	[EXE_LARGE] = "its file is larger than 1 GiB",
	[EXE_CHANGED] = "its file changed before it was read to its end",
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
	const struct known_file *file = &exe->file;

	return file->dev == st->st_dev && file->ino == st->st_ino &&
	       file->size == (uint64_t)st->st_size && file->changed.tv_sec == st->st_ctim.tv_sec &&
	       file->changed.tv_nsec == st->st_ctim.tv_nsec;
}

/* Begin with a file; takes fd over, -1 if it cannot be read. */
static void begin(struct evidence_exe *exe, int fd, const struct stat *st, struct span path)
{
	stop(exe, EXE_NONE);
	strbuf_reset(&exe->path);
	strbuf_span(&exe->path, path);
	exe->file = (struct known_file){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.changed = st->st_ctim,
	};
	exe->done = 0;
	clock_gettime(CLOCK_REALTIME, &exe->begun);
	digest_begin(&exe->digesting);
	exe->remembered = known_digest_find(exe->known, &exe->file, &exe->digest);
	exe->state = exe->remembered            ? EXE_DONE
		     : fd < 0                   ? EXE_UNREADABLE
		     : exe->file.size > EXE_MAX ? EXE_LARGE
						: EXE_READING;
	if (exe->state == EXE_READING)
		exe->fd = fd;
	else
		closep(&fd);
}

/* PF_FORKNOEXEC of proc(5); of one that has ended, too. */
static bool has_executed(int proc)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	uint64_t flags = 0;
	char state = '?';

	return fd_read_file(proc, "stat", 4096, &text, &ignored) == 0 &&
	       proc_stat_field((struct span){ text.p, text.len }, STAT_FLAGS, &state, &flags) ==
		       0 &&
	       !(flags & FORKNOEXEC);
}

static bool is_ours(const struct stat *st)
{
	struct stat own = { 0 };

	return fstatat(AT_FDCWD, "/proc/self/exe", &own, 0) == 0 && own.st_dev == st->st_dev &&
	       own.st_ino == st->st_ino;
}

bool evidence_exe_read(int proc, struct evidence_exe *exe)
{
	cleanup_close int fd = openat(proc, "exe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char path[PATH_MAX];
	struct stat st = { 0 };
	ssize_t n = readlinkat(proc, "exe", path, sizeof(path));
	int r = fd >= 0 ? fstat(fd, &st) : fstatat(proc, "exe", &st, 0);

	if ((n <= 0 || r < 0 || is_ours(&st)) && !has_executed(proc))
		return false;
	if (n <= 0 || r < 0)
		return true;
	if (exe->state == EXE_NONE || exe->named || !is_same(exe, &st))
		begin(exe, steal_fd(fd), &st, (struct span){ path, (size_t)n });
	exe->named = false;
	return true;
}

void evidence_exe_named(int file, const struct timespec *changed, const char *path,
			struct evidence_exe *exe)
{
	struct stat st = { 0 };
	char name[32];

	if (exe->state != EXE_NONE || file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	begin(exe, open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), &st, span_of(path));
	exe->named = true;
	if (changed->tv_sec != st.st_ctim.tv_sec || changed->tv_nsec != st.st_ctim.tv_nsec)
		stop(exe, EXE_CHANGED);
}

static void finish_reading(struct evidence_exe *exe)
{
	struct stat st = { 0 };

	if (fstat(exe->fd, &st) < 0 || !is_same(exe, &st)) {
		stop(exe, EXE_CHANGED);
		return;
	}
	exe->digest = digest_end(&exe->digesting);
	known_digest_keep(exe->known, &exe->file, &exe->begun, &exe->digest);
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
		if (exe->done >= exe->file.size)
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
	if (exe->file.size - exe->done > FINISH_MAX)
		stop(exe, EXE_UNFINISHED);
	else
		evidence_exe_step(exe, FINISH_MAX + PIECE);
}

int evidence_exe_fd(const struct evidence_exe *exe)
{
	return exe->state == EXE_READING ? exe->fd : -1;
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
	jsonw_ku64(j, "dev", exe->file.dev);
	jsonw_ku64(j, "ino", exe->file.ino);
	jsonw_kstr(j, "level", exe->named ? "E2" : "E3");
	jsonw_key(j, "path");
	jsonw_strn(j, exe->path.p, exe->path.len);
	if (exe->remembered && exe->state == EXE_DONE)
		jsonw_kbool(j, "remembered", true);
	digest_hex(&exe->digest, hex);
	if (exe->state == EXE_DONE)
		jsonw_kstr(j, "sha256", hex);
	else
		jsonw_kstr(j, "sha256_absent", reasons[exe->state]);
	jsonw_ku64(j, "size", exe->file.size);
	jsonw_object_end(j);
}

void evidence_exe_done(struct evidence_exe *exe)
{
	stop(exe, EXE_NONE);
	strbuf_done(&exe->path);
}
