/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store_flush.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#define INTERVAL_MS 250

/* The locks of the store end with their owner, not with us. */
static void keep_only(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b);
	unsigned high = (unsigned)(a < b ? b : a);

	if (low > 0)
		close_range(0, low - 1, 0);
	if (low + 1 < high)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

/* Until the other end of the pipe is closed, by whatever ends its owner. */
static _Noreturn void flush(int dir, int stopped)
{
	struct pollfd p = { .fd = stopped };

	while (poll(&p, 1, INTERVAL_MS) == 0) {
		if (syncfs(dir) < 0)
			break; /* whoever syncs at the end is told, too */
	}
	_exit(0);
}

void store_flush_start(const struct store *store, struct store_flusher *ret)
{
	/* Of its own: what is told of a fault to one opened file is not told to it again. */
	cleanup_close int dir = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ends[2];

	*ret = (struct store_flusher)STORE_FLUSHER_NONE;
	if (dir < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return;
	ret->pid = fork();
	if (ret->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		keep_only(dir, ends[0]);
		flush(dir, ends[0]);
	}
	close(ends[0]);
	if (ret->pid > 0)
		ret->stop = ends[1];
	else
		close(ends[1]);
}

void store_flush_stop(struct store_flusher *flusher)
{
	closep(&flusher->stop);
	while (flusher->pid > 0 && waitpid(flusher->pid, NULL, 0) < 0 && errno == EINTR)
		;
	flusher->pid = -1;
}
