/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/stdfds.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"

static int use_null_input(struct err *err)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return err_sys(err, errno, "cannot read from /dev/null");
	return 0;
}

/* A second descriptor of the same terminal, for writing; by the magic link, not by its name. */
static int reopen_for_writing(int fd, struct err *err)
{
	char path[32];
	cleanup_close int again = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (again < 0)
		return err_sys(err, errno, "cannot open the terminal on descriptor %d for writing",
			       fd);
	if (dup2(again, fd) < 0)
		return err_sys(err, errno, "cannot replace descriptor %d", fd);
	return 0;
}

static int keep_aside(struct stdfds *stdfds, struct err *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		stdfds->saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (stdfds->saved[fd] < 0)
			return err_sys(err, errno, "cannot keep descriptor %d", fd);
	}
	return 0;
}

int stdfds_prepare(bool interactive, bool tty, struct stdfds *ret, struct err *err)
{
	int r = fd_ensure_stdio();

	*ret = (struct stdfds){ .saved = { -1, -1, -1 } };
	if (r < 0)
		return err_sys(err, -r, "cannot open /dev/null");
	if (tty)
		return keep_aside(ret, err);
	if (!interactive && isatty(STDIN_FILENO)) {
		r = use_null_input(err);
		if (r < 0)
			return r;
	}
	for (int fd = 1; fd <= 2; fd++) {
		if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR && isatty(fd)) {
			r = reopen_for_writing(fd, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

void stdfds_restore(struct stdfds *stdfds)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (stdfds->saved[fd] >= 0)
			dup2(stdfds->saved[fd], fd);
		closep(&stdfds->saved[fd]);
	}
}
