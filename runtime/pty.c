/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pty.h"

#include <unistd.h>

#include "base/fd.h"

#define END_OF_INPUT 4 /* Ctrl-D */

enum {
	FD_IN,
	FD_OUT,
	FD_MASTER
};

void pty_init(struct pty *pty)
{
	*pty = (struct pty){ .master = -1, .in = -1, .out = -1 };
}

struct winsize pty_size_of(int fd)
{
	struct winsize size = { 0 };

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size : (struct winsize){ 0 };
}

void pty_resize(struct pty *pty)
{
	struct winsize size = { 0 };

	if (pty->master >= 0 && ioctl(pty->out, TIOCGWINSZ, &size) == 0)
		ioctl(pty->master, TIOCSWINSZ, &size);
}

int pty_start(struct pty *pty, int master, int in, int out, struct err *err)
{
	struct termios raw = { 0 };

	pty->master = master;
	pty->in = in;
	pty->out = out;
	pty_resize(pty);
	if (!isatty(in))
		return 0;
	if (tcgetattr(in, &pty->saved) < 0)
		return err_sys(err, errno, "cannot read the state of the terminal");
	raw = pty->saved;
	cfmakeraw(&raw);
	if (tcsetattr(in, TCSANOW, &raw) < 0)
		return err_sys(err, errno, "cannot set the terminal to raw");
	pty->is_raw = true;
	return 0;
}

static bool is_empty(const struct pty_buffer *b)
{
	return b->start == b->end;
}

int pty_fill_pollfds(const struct pty *pty, struct pollfd *fds)
{
	short master = 0;

	if (pty->master < 0)
		return 0;
	if (!is_empty(&pty->to_child))
		master |= POLLOUT;
	if (is_empty(&pty->to_us))
		master |= POLLIN;
	fds[FD_IN] =
		(struct pollfd){ .fd = !pty->in_done && is_empty(&pty->to_child) ? pty->in : -1,
				 .events = POLLIN };
	fds[FD_OUT] =
		(struct pollfd){ .fd = is_empty(&pty->to_us) ? -1 : pty->out, .events = POLLOUT };
	fds[FD_MASTER] = (struct pollfd){ .fd = master ? pty->master : -1, .events = master };
	return PTY_POLLFDS;
}

/* Returns false at the end of the source. */
static bool fill(struct pty_buffer *b, int fd)
{
	ssize_t n;

	if (!is_empty(b))
		return true;
	n = read(fd, b->bytes, sizeof(b->bytes));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	b->start = 0;
	b->end = (size_t)n;
	return n > 0;
}

static void empty(struct pty_buffer *b, int fd)
{
	ssize_t n = is_empty(b) ? 0 : write(fd, b->bytes + b->start, b->end - b->start);

	if (n > 0)
		b->start += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		b->start = b->end; /* nobody reads any more */
}

void pty_handle(struct pty *pty, const struct pollfd *fds)
{
	if (fds[FD_IN].revents && !fill(&pty->to_child, pty->in)) {
		/* A terminal has no end of file: say it as a person would. */
		pty->in_done = true;
		pty->to_child = (struct pty_buffer){ .end = 1, .bytes = { END_OF_INPUT } };
	}
	if (fds[FD_MASTER].revents & (POLLIN | POLLHUP))
		fill(&pty->to_us, pty->master);
	if ((fds[FD_MASTER].revents & POLLOUT) || fds[FD_IN].revents)
		empty(&pty->to_child, pty->master);
	if ((fds[FD_OUT].revents) || (fds[FD_MASTER].revents & POLLIN))
		empty(&pty->to_us, pty->out);
}

void pty_drain(struct pty *pty)
{
	if (pty->master < 0)
		return;
	for (;;) {
		size_t left = pty->to_us.end - pty->to_us.start;

		if (left > 0 &&
		    fd_write_all(pty->out, pty->to_us.bytes + pty->to_us.start, left) < 0)
			return;
		pty->to_us.start = pty->to_us.end = 0;
		if (!fill(&pty->to_us, pty->master) || is_empty(&pty->to_us))
			return;
	}
}

void pty_done(struct pty *pty)
{
	if (pty->is_raw)
		tcsetattr(pty->in, TCSADRAIN, &pty->saved);
	pty->is_raw = false;
}
