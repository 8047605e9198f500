/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PTY_H
#define IMMURE_RUNTIME_PTY_H

/* The supervisor's side of -t: our terminal on one hand, the master of the workload's on the other.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/err.h"

#define PTY_BUFFER 8192
#define PTY_POLLFDS 3

struct pty_buffer {
	size_t start, end; /* bytes start..end-1 wait to be written */
	char bytes[PTY_BUFFER];
};

struct pty {
	int master;   /* borrowed; -1 before pty_start() */
	int in, out;  /* borrowed: ours */
	bool is_raw;  /* `saved` must be put back */
	bool in_done; /* end of our input was seen and passed on */
	struct termios saved;
	struct pty_buffer to_child, to_us;
};

#define cleanup_pty cleanup(pty_done)

void pty_init(struct pty *pty);

/*
 * Start relaying: our terminal becomes raw, if it is one, and the workload's gets its size.
 *
 *   master  non-blocking
 */
must_check int pty_start(struct pty *pty, int master, int in, int out, struct err *err);

/* The size of a terminal; zeros: it is none, or has none. */
struct winsize pty_size_of(int fd);

/* Fill PTY_POLLFDS entries; -1 where nothing is waited for. Returns PTY_POLLFDS, or 0 before start.
 */
int pty_fill_pollfds(const struct pty *pty, struct pollfd *fds);

/* Move what can be moved. Nothing is lost: what does not fit stays where it is. */
void pty_handle(struct pty *pty, const struct pollfd *fds);

/* Our terminal's size has changed. */
void pty_resize(struct pty *pty);

/* The workload is gone: write out what its terminal still holds. */
void pty_drain(struct pty *pty);

/* Put our terminal back as it was. A no-op if it was not changed. */
void pty_done(struct pty *pty);

#endif
