/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_DETACH_H
#define IMMURE_RUNTIME_DETACH_H

/*
 * `immure run -d`: the launcher forks once all is decided. The child is the run's monitor: the same
 * supervisor, in a session of its own, which writes the program's output into a bounded log and
 * answers on a control socket. The parent tells the run's id once the program runs, or why not.
 */

#include <poll.h>
#include <sys/ioctl.h>

#include "base/arena.h"
#include "base/err.h"
#include "runtime/attach.h"
#include "runtime/control.h"
#include "runtime/output_log.h"
#include "runtime/run_folder.h"

#define DETACH_POLLFDS (3 + ATTACH_POLLFDS + CONTROL_POLLFDS)

struct detach {
	int report;    /* to the launcher; -1 once told */
	int output[2]; /* what the program writes to stdout and stderr */
	int master;    /* of the program's terminal, from its start to its end; else -1 */
	int input;     /* our end of the program's standard input; -1: it has none, or a terminal */
	bool interactive;
	struct winsize size; /* of its terminal */
	struct attach attach;
	struct control control;
	struct output_log log;
};

/*
 * Fork. In the monitor, 0, 1 and 2 become what the program gets.
 *
 *   tty          the program will have a terminal: see detach_terminal()
 *   interactive  the program's input stays open: a pipe whose other end we hold, if it gets no
 *                terminal
 *   ret          in arena, in the monitor alone; NULL in the launcher. All functions below but
 *                detach_await() take NULL, and do nothing then
 *   ret_report   in the launcher: for detach_await()
 *
 * Returns   0 in the monitor; 1 in the launcher; -errno in either.
 */
must_check int detach_fork(struct arena *arena, const struct run_folder *folder, bool tty,
			   bool interactive, struct detach **ret, int *ret_report, struct err *err);

/*
 * In the launcher: wait for the start.
 *
 * Returns   1: the run has started, and there is nothing left to do; -errno: what the monitor
 *           reported.
 */
must_check int detach_await(int report, struct err *err);

/* The program runs: the launcher may go. Or it does not, and err says why. */
void detach_report(struct detach *detach, const struct err *err);

/* Fill DETACH_POLLFDS entries. */
void detach_fill(const struct detach *detach, struct pollfd *fds);
void detach_handle(struct detach *detach, const struct pollfd *fds, control_act_fn act, void *data);

/* The program has this terminal; takes the master, which is non-blocking, if it has none yet. */
void detach_terminal(struct detach *detach, int *take_master);

/* -ENOTTY without one. Between two starts it is kept for the next. */
must_check int detach_resize(struct detach *detach, unsigned rows, unsigned columns);

/* The program has ended: what it wrote so far, and no more terminal. */
void detach_empty(struct detach *detach);

/* Nobody writes any more: the rest of the output, before the record is sealed. */
void detach_drain(struct detach *detach);

/* All is sealed: answer those who wait. */
void detach_done(struct detach *detach, const struct run_folder *folder, int status);

#endif
