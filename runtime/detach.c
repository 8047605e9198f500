/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/detach.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

int detach_await(int report, struct err *err)
{
	struct err told = { 0 };
	ssize_t n = fd_read_full(report, &told, sizeof(told));

	if (n != (ssize_t)sizeof(told))
		return err_set(err, EPROTO, "the monitor died before the program ran");
	if (told.code <= 0)
		return 1;
	*err = told;
	return -told.code;
}

static int use_as(int fd, int number, struct err *err)
{
	if (fd < 0 || dup2(fd, number) < 0)
		return err_sys(err, errno, "cannot replace descriptor %d", number);
	return 0;
}

/* Our end of a pipe must never make us wait; the other one is the program's, as it expects it. */
static int make_input(struct detach *detach, struct err *err)
{
	int pair[2];
	int r;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	r = use_as(pair[0], STDIN_FILENO, err);
	close(pair[0]);
	detach->input = pair[1];
	if (r == 0 && fcntl(pair[1], F_SETFL, O_NONBLOCK) < 0)
		r = err_sys(err, errno, "cannot prepare a pipe");
	attach_set_input(&detach->attach, detach->input);
	return r;
}

/*
 * The program's input is empty or ours, what it writes comes to us; nothing of the caller's stays
 * open.
 */
static int replace_stdio(struct detach *detach, struct err *err)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r = use_as(null, STDIN_FILENO, err);

	if (r == 0 && detach->interactive && !(detach->attach.flags & CONTROL_HAS_TERMINAL))
		r = make_input(detach, err);
	for (int i = 0; r == 0 && i < 2; i++) {
		int pair[2];

		if (pipe2(pair, O_CLOEXEC) < 0)
			return err_sys(err, errno, "cannot make a pipe");
		r = use_as(pair[1], STDOUT_FILENO + i, err);
		close(pair[1]);
		detach->output[i] = pair[0];
		if (r == 0 && fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
			r = err_sys(err, errno, "cannot prepare a pipe");
	}
	return r;
}

static int become_monitor(struct detach *detach, const struct run_folder *folder, struct err *err)
{
	int r;

	if (setsid() < 0)
		return err_sys(err, errno, "cannot start a session");
	if (chdir("/") < 0)
		return err_sys(err, errno, "cannot enter /");
	r = output_log_open(&detach->log, folder->dir, err);
	if (r == 0)
		r = control_open(folder, &detach->control, err);
	if (r == 0)
		r = replace_stdio(detach, err);
	return r;
}

int detach_fork(struct arena *arena, const struct run_folder *folder, bool tty, bool interactive,
		struct detach **ret, int *ret_report, struct err *err)
{
	struct detach *detach = arena_alloc(arena, sizeof(*detach));
	int pair[2];
	pid_t pid;

	if (!detach)
		return err_set(err, ENOMEM, "out of memory");
	*detach = (struct detach){ .report = -1,
				   .output = { -1, -1 },
				   .master = -1,
				   .input = -1,
				   .interactive = interactive,
				   .size = { .ws_row = 24, .ws_col = 80 },
				   .control = { .listener = -1 },
				   .log = { .fd = -1 } };
	attach_init(&detach->attach,
		    (interactive ? CONTROL_TAKES_INPUT : 0U) | (tty ? CONTROL_HAS_TERMINAL : 0U));
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return err_sys(err, errno, "cannot make the monitor");
	}
	if (pid > 0) {
		close(pair[1]);
		*ret_report = pair[0];
		return 1;
	}
	close(pair[0]);
	detach->report = pair[1];
	*ret = detach;
	return become_monitor(detach, folder, err);
}

void detach_report(struct detach *detach, const struct err *err)
{
	if (!detach || detach->report < 0)
		return;
	/* A launcher that was killed hears nothing, and the run goes on. */
	if (fd_write_all(detach->report, err, sizeof(*err)) < 0)
		closep(&detach->report);
	closep(&detach->report);
}

void detach_terminal(struct detach *detach, int *take_master)
{
	if (!detach || detach->master >= 0 || *take_master < 0)
		return;
	detach->master = *take_master;
	*take_master = -1;
	/* One that was asked for since; that it cannot be had is no reason to end the program. */
	if (ioctl(detach->master, TIOCSWINSZ, &detach->size) < 0)
		detach->size = (struct winsize){ 0 };
	if (detach->interactive)
		attach_set_input(&detach->attach, detach->master);
}

int detach_resize(struct detach *detach, unsigned rows, unsigned columns)
{
	if (!detach || !(detach->attach.flags & CONTROL_HAS_TERMINAL))
		return -ENOTTY;
	detach->size = (struct winsize){ .ws_row = (unsigned short)rows,
					 .ws_col = (unsigned short)columns };
	if (detach->master >= 0 && ioctl(detach->master, TIOCSWINSZ, &detach->size) < 0)
		return -errno;
	return 0;
}

enum {
	POLL_OUTPUT, /* two */
	POLL_MASTER = 2,
	POLL_ATTACH,
	POLL_CONTROL = POLL_ATTACH + ATTACH_POLLFDS,
};
static_assert(POLL_CONTROL + CONTROL_POLLFDS == DETACH_POLLFDS, "room for all");

void detach_fill(const struct detach *detach, struct pollfd *fds)
{
	for (int i = 0; i < 2; i++)
		fds[POLL_OUTPUT + i] = (struct pollfd){ .fd = detach->output[i], .events = POLLIN };
	fds[POLL_MASTER] = (struct pollfd){ .fd = detach->master, .events = POLLIN };
	attach_fill(&detach->attach, fds + POLL_ATTACH);
	control_fill(&detach->control, fds + POLL_CONTROL);
}

/* As much as is there, but no more than one turn's worth: signals and limits must not wait. */
static void move_output(struct detach *detach, int fd, int stream, int turns)
{
	char bytes[CONTROL_OUTPUT_MAX];

	while (turns-- > 0 && fd >= 0) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n == 0 || (n < 0 && errno != EINTR))
			return;
		if (n < 0)
			continue;
		output_log_add(&detach->log, stream, bytes, (size_t)n);
		attach_output(&detach->attach, stream == 0 ? CONTROL_STDOUT : CONTROL_STDERR, bytes,
			      (size_t)n);
	}
}

void detach_handle(struct detach *detach, const struct pollfd *fds, control_act_fn act, void *data)
{
	attach_catch_up(&detach->attach);
	for (int i = 0; i < 2; i++) {
		if (fds[POLL_OUTPUT + i].revents & POLLIN)
			move_output(detach, detach->output[i], i, 4);
	}
	if (fds[POLL_MASTER].revents)
		move_output(detach, detach->master, 0, 4);
	attach_handle(&detach->attach, fds + POLL_ATTACH);
	control_handle(&detach->control, fds + POLL_CONTROL, act, data);
}

void detach_empty(struct detach *detach)
{
	if (!detach)
		return;
	/* A pipe holds less, and so does a terminal. */
	for (int i = 0; i < 2; i++)
		move_output(detach, detach->output[i], i, 4096);
	move_output(detach, detach->master, 0, 4096);
	if (detach->master >= 0)
		attach_set_input(&detach->attach, -1);
	closep(&detach->master);
}

void detach_drain(struct detach *detach)
{
	if (!detach)
		return;
	detach_empty(detach);
	for (int i = 0; i < 2; i++)
		closep(&detach->output[i]);
	output_log_close(&detach->log);
}

void detach_done(struct detach *detach, const struct run_folder *folder, int status)
{
	if (!detach)
		return;
	control_finish(&detach->control, status);
	attach_finish(&detach->attach, status);
	control_done(&detach->control, folder);
}
