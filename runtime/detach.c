/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/detach.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static int await_report(int report, struct err *err)
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

/* The program's input is empty, what it writes comes to us; nothing of the caller's stays open. */
static int replace_stdio(struct detach *detach, struct err *err)
{
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r = use_as(null, STDIN_FILENO, err);

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

int detach_fork(struct arena *arena, const struct run_folder *folder, struct detach **ret,
		struct err *err)
{
	struct detach *detach = arena_alloc(arena, sizeof(*detach));
	int pair[2];
	pid_t pid;
	int r;

	if (!detach)
		return err_set(err, ENOMEM, "out of memory");
	*detach = (struct detach){ .report = -1,
				   .output = { -1, -1 },
				   .control = { .listener = -1 },
				   .log = { .fd = -1 } };
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
		r = await_report(pair[0], err);
		close(pair[0]);
		return r;
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

void detach_fill(const struct detach *detach, struct pollfd *fds)
{
	for (int i = 0; i < 2; i++)
		fds[i] = (struct pollfd){ .fd = detach->output[i], .events = POLLIN };
	control_fill(&detach->control, fds + 2);
}

/* As much as is there, but no more than one turn's worth: signals and limits must not wait. */
static void move_output(struct detach *detach, int stream, int turns)
{
	char bytes[8192];

	while (turns-- > 0 && detach->output[stream] >= 0) {
		ssize_t n = read(detach->output[stream], bytes, sizeof(bytes));

		if (n > 0)
			output_log_add(&detach->log, stream, bytes, (size_t)n);
		else if (n == 0 || errno != EINTR)
			return;
	}
}

void detach_handle(struct detach *detach, const struct pollfd *fds, control_act_fn act, void *data)
{
	for (int i = 0; i < 2; i++) {
		if (fds[i].revents & POLLIN)
			move_output(detach, i, 4);
	}
	control_handle(&detach->control, fds + 2, act, data);
}

void detach_drain(struct detach *detach)
{
	if (!detach)
		return;
	for (int i = 0; i < 2; i++) {
		move_output(detach, i, 4096); /* a pipe holds less */
		closep(&detach->output[i]);
	}
	output_log_close(&detach->log);
}

void detach_done(struct detach *detach, const struct run_folder *folder, int status)
{
	if (!detach)
		return;
	control_finish(&detach->control, status);
	control_done(&detach->control, folder);
}
