/* SPDX-License-Identifier: Apache-2.0 */
/* One poll loop: no threads, no callbacks that outlive a turn of it. */
#include "runtime/supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/sys.h"
#include "runtime/command.h"
#include "runtime/program_label.h"
#include "runtime/signals.h"

/* While the child is on its way it cannot wake us once its filter is on: look again soon. */
#define EARLY_LOOK_MS 1
#define EVIDENCE_LOOK_MS 5
#define EXE_STEP ((size_t)256 << 10) /* bytes of the program between two looks at all else */
#define MAX_ANSWERS_PER_TURN 64

enum {
	POLL_CHILD,
	POLL_PROGRAM,
	POLL_SIGNALS,
	POLL_TIMER,
	POLL_LISTENER,
	POLL_TRACING,
	POLL_EGRESS,
	POLL_PTY,
	POLL_DETACH = POLL_PTY, /* a detached run's terminal is among its own */
	POLL_ENTRIES = POLL_DETACH + DETACH_POLLFDS,
	POLL_MAX = POLL_ENTRIES + ENTRIES_POLLFDS
};

static int set_timer(int fd, uint64_t ms)
{
	struct itimerspec when = { 0 };

	when.it_value.tv_sec = (time_t)(ms / 1000);
	when.it_value.tv_nsec = (long)(ms % 1000) * 1000000;
	return timerfd_settime(fd, 0, &when, NULL);
}

/* For the time limit, and for a program that was asked to end. */
static int start_timer(const struct plan *plan, struct err *err)
{
	bool limited = plan->limits.set & LIMIT_WALL;
	cleanup_close int fd = -1;

	if (!limited && !plan->stop.signal)
		return -1;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0 || (limited && set_timer(fd, plan->limits.wall_ms) < 0))
		return err_sys(err, errno, "cannot start the timer of the time limit");
	return steal_fd(fd);
}

static void kill_workload(const struct supervisor *s)
{
	if (sys_pidfd_send_signal(s->launched->pidfd, SIGKILL) < 0)
		return; /* ESRCH: it ended by itself */
}

/* What is left until the time limit, rounded up; UINT64_MAX without one. */
static uint64_t time_left(int timer)
{
	struct itimerspec now = { 0 };

	if (timerfd_gettime(timer, &now) < 0 ||
	    (now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0))
		return UINT64_MAX;
	return (uint64_t)now.it_value.tv_sec * 1000 + (uint64_t)now.it_value.tv_nsec / 1000000 + 1;
}

/* Ask the program to end; the timer kills it if it does not. Asked twice, it is killed. */
static void stop_workload(struct supervisor *s, uint64_t ms)
{
	int signal = s->plan->stop.signal ? s->plan->stop.signal : SIGTERM;

	if (s->stopping || !launch_find_program(s->launched) ||
	    sys_pidfd_send_signal(s->launched->program_pidfd, signal) < 0 ||
	    set_timer(s->timer, ms) < 0)
		kill_workload(s);
	s->stopping = true;
}

static void end_by_timer(struct supervisor *s)
{
	s->out_of_time = s->out_of_time || !s->stopping;
	if (s->stopping || s->plan->stop.ms == 0)
		kill_workload(s);
	else
		stop_workload(s, s->plan->stop.ms);
}

/* Somebody chose how the program is asked to end: that is what Ctrl-C and kill(1) mean, then. */
static bool asks_to_stop(const struct supervisor *s, int signal)
{
	return s->plan->stop.signal && (signal == SIGINT || signal == SIGTERM);
}

static void stop_by_signal(struct supervisor *s)
{
	uint64_t ms = s->plan->stop.ms ? s->plan->stop.ms : STOP_MS_DEFAULT;
	uint64_t left = time_left(s->timer);

	stop_workload(s, ms < left ? ms : left);
}

static void handle_signals(struct supervisor *s)
{
	for (int sig = signals_next(s->signals); sig != 0; sig = signals_next(s->signals)) {
		/* Whoever ends the session or the machine wants no further start. */
		s->life->stopped = s->life->stopped || sig == SIGTERM || sig == SIGINT;
		if (sig == SIGWINCH && s->pty)
			pty_resize(s->pty);
		else if (asks_to_stop(s, sig))
			stop_by_signal(s);
		else if (!launch_find_program(s->launched))
			kill_workload(s); /* there is nobody yet who could handle it */
		else if (sys_pidfd_send_signal(s->launched->program_pidfd, sig) < 0)
			return; /* ESRCH: its end is what poll() reports next */
	}
}

/* Bounded per turn, so that a storm of refused calls cannot keep us from signals and time limits.
 */
static void handle_refusals(struct supervisor *s)
{
	struct pollfd more = { .fd = s->notify.listener, .events = POLLIN };

	/*
	 * Receiving would wait if there were none, so each one is asked for first. In a learning
	 * run poll() has just said so, and the next call comes only when we sleep.
	 */
	for (int i = 0; i < MAX_ANSWERS_PER_TURN; i++) {
		struct err err = { 0 };
		int r;

		if (s->notify.learn && i > 0)
			return;
		if (!s->notify.learn && (poll(&more, 1, 0) <= 0 || !(more.revents & POLLIN)))
			return;
		r = notify_answer(&s->notify, &err);
		if (r < 0 && s->lost.code == 0)
			s->lost = err;
		if (r < 0)
			return;
	}
}

/* A wrong label ends the program at once; "not yet" is for a later look, or for the end. */
static enum program_label check_label(struct supervisor *s)
{
	enum program_label state;

	if (s->labelled || !program_label_is_planned(s->plan) || s->launched->program <= 0)
		return PROGRAM_LABEL_RIGHT;
	state = program_label_check(s->plan, s->launched->program);
	if (state == PROGRAM_LABEL_WRONG)
		kill_workload(s);
	s->labelled = state == PROGRAM_LABEL_RIGHT;
	return state;
}

/* The program's file is read by and by, when there is nothing else to do. */
static int read_program(struct supervisor *s, struct err *err)
{
	return evidence_exe_step(&s->evidence->exe, EXE_STEP) ? 0 : s->keep_evidence(s->data, err);
}

static int read_evidence(struct supervisor *s, struct err *err)
{
	bool found = launch_find_program(s->launched) && s->launched->program > 0;
	/* First: what is read after it was seen right has it, too. */
	bool pending = check_label(s) == PROGRAM_LABEL_PENDING;

	if (found && !evidence_process(s->launched->program, s->evidence))
		pending = true;
	if (!pending) {
		evidence_exe_named(s->launched->page->file, &s->launched->page->file_changed,
				   s->launched->page->program, &s->evidence->exe);
		closep(&s->launched->page->file); /* it would keep the sandbox's mounts */
	}
	if (s->evidence->mountinfo.len == 0 && s->launched->page->mountinfo >= 0)
		evidence_mounts(s->launched->page->mountinfo, s->evidence);
	s->read_once = !pending;
	if (s->detach && s->launched->page->state != CONFINE_FAILED)
		detach_report(s->detach, &(const struct err){ 0 });
	return s->read_once ? read_program(s, err) : 0;
}

/*
 * A program that has ended has had its label; one that was killed may not have been executed yet.
 */
static int require_label(const struct supervisor *s, enum program_label state, int end,
			 struct err *err)
{
	if (__atomic_load_n(&s->launched->page->state, __ATOMIC_ACQUIRE) == CONFINE_FAILED)
		return 0; /* nothing was executed */
	if (state == PROGRAM_LABEL_RIGHT || (state == PROGRAM_LABEL_PENDING && WIFSIGNALED(end)))
		return 0;
	return err_set(err, EACCES, "the program did not run under its label: %s",
		       s->plan->lsm.selinux ? s->plan->lsm.selinux : s->plan->lsm.apparmor);
}

static int fill(struct supervisor *s, struct pollfd fds[POLL_MAX])
{
	int n = POLL_PTY;

	fds[POLL_CHILD] = (struct pollfd){ .fd = s->launched->pidfd, .events = POLLIN };
	if (launch_find_program(s->launched))
		s->notify.first = s->launched->program;
	fds[POLL_PROGRAM] = (struct pollfd){ .fd = s->launched->program_pidfd, .events = POLLIN };
	fds[POLL_SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	fds[POLL_TIMER] = (struct pollfd){ .fd = s->timer, .events = POLLIN };
	if (s->notify.listener < 0 && launch_is_confined(s->launched)) {
		s->notify.listener = s->launched->page->listener;
		if (s->notify.learn)
			notify_wake_here(s->notify.listener);
	}
	/* Once nobody is left behind the filter, the listener would wake us for ever. */
	fds[POLL_LISTENER] =
		(struct pollfd){ .fd = s->deserted ? -1 : s->notify.listener, .events = POLLIN };
	fds[POLL_EGRESS] = (struct pollfd){ .fd = s->egress->fd, .events = POLLIN };
	fds[POLL_TRACING] = (struct pollfd){
		.fd = s->tracing->on ? s->tracing->client.wake_fd : -1,
		.events = POLLIN,
	};
	if (s->pty)
		n += pty_fill_pollfds(s->pty, fds + POLL_PTY);
	if (s->detach) {
		detach_fill(s->detach, fds + POLL_DETACH);
		entries_fill(&s->entries, fds + POLL_ENTRIES);
		n = POLL_MAX;
	}
	return n;
}

/* Of two times to wait; -1 is for ever. */
static int least(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int patience(const struct supervisor *s)
{
	if (!launch_is_confined(s->launched))
		return EARLY_LOOK_MS;
	if (!s->read_once)
		return EVIDENCE_LOOK_MS;
	if (s->evidence->exe.state == EXE_READING)
		return 0;
	return least(s->tracing->on ? s->trace_look_ms : -1, health_patience(s));
}

/* A sandbox that cannot be traced although it should be does not go on. */
static void handle_trace(struct supervisor *s)
{
	struct err err = { 0 };
	int r;

	if (!s->tracing->on)
		return;
	r = tracing_turn(s->tracing, &err);
	s->trace_look_ms = r > 0 ? 0 : TRACING_LOOK_MS;
	if (r >= 0)
		return;
	if (s->lost.code == 0)
		s->lost = err;
	kill_workload(s);
}

/* What the ring still holds, now that nobody of the sandbox is left. */
static void finish_trace(struct supervisor *s)
{
	struct err err = { 0 };

	if (s->tracing->on && tracing_finish(s->tracing, &err) < 0 && s->lost.code == 0)
		s->lost = err;
}

static void handle_entries(struct supervisor *s, const struct pollfd *fds)
{
	struct err err = { 0 };

	if (entries_handle(&s->entries, fds, &err) < 0 && s->lost.code == 0)
		s->lost = err;
}

static void handle_egress(struct supervisor *s)
{
	struct err err = { 0 };

	if (egress_turn(s->egress, &err) < 0 && s->lost.code == 0)
		s->lost = err;
}

static void tell_refusals(const struct supervisor *s)
{
	tally_tell(s->tally, s->notify.table->total + s->egress->announced);
}

static void step_health(struct supervisor *s)
{
	struct err err = { 0 };

	if (health_step(s, &err) < 0 && s->lost.code == 0)
		s->lost = err;
}

static void turn(struct supervisor *s, const struct pollfd *fds, int n)
{
	if (fds[POLL_SIGNALS].revents)
		handle_signals(s);
	if (fds[POLL_TIMER].revents)
		end_by_timer(s);
	if (fds[POLL_LISTENER].revents & POLLIN)
		handle_refusals(s);
	else if (fds[POLL_LISTENER].revents & (POLLHUP | POLLERR))
		s->deserted = true;
	if (fds[POLL_EGRESS].revents)
		handle_egress(s);
	tell_refusals(s);
	if (s->pty && n > POLL_PTY)
		pty_handle(s->pty, fds + POLL_PTY);
	if (!s->detach)
		return;
	handle_entries(s, fds + POLL_ENTRIES);
	detach_handle(s->detach, fds + POLL_DETACH, command_act, s);
}

static int start_terminal(struct supervisor *s, struct err *err)
{
	if (!s->plan->tty || !launch_is_confined(s->launched))
		return 0;
	if (s->detach)
		detach_terminal(s->detach, &s->launched->page->pty);
	if (!s->pty || s->pty->master >= 0)
		return 0;
	return pty_start(s->pty, s->launched->page->pty, s->terminal[0], s->terminal[1], err);
}

/* The exit code is the last but some of the fields behind the name's closing bracket (proc(5)). */
static bool exit_code_of(pid_t pid, int *ret)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	uint64_t code = 0;
	char path[40];
	const char *close;
	struct span rest;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (pid <= 0 || fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) < 0)
		return false;
	close = strrchr(strbuf_str(&text), ')');
	if (!close || close[1] != ' ' || close[2] != 'Z')
		return false;
	rest = span_of(close + 1);
	for (int field = 3; field < 52; field++)
		span_word(&rest);
	rest = span_word(&rest);
	if (rest.n > 0 && rest.p[rest.n - 1] == '\n')
		rest.n--;
	if (span_u64(rest, 0xffff, &code) < 0)
		return false;
	*ret = (int)code;
	return true;
}

/* The program is a zombie that process 1 leaves alone; then process 1 goes, and all with it. */
static int learn_end(struct supervisor *s, int *ret, struct err *err)
{
	bool known = launch_find_program(s->launched) && exit_code_of(s->launched->program, ret);
	int first = 0;
	int r;

	s->launched->ended = known;
	kill_workload(s);
	/*
	 * Dead from here on; it is reaped while we write what there is to tell. A trace is whole
	 * only when all of them have ended.
	 */
	if (known && !s->plan->tty && !s->tracing->on)
		return 0;
	r = launch_reap(s->launched, &first, err);
	if (r == 0 && !known)
		*ret = first;
	return r;
}

/* Turn by turn, until the program or process 1 has ended. */
static int watch(struct supervisor *s, struct err *err)
{
	int r = 0;

	launch_await_program(s->launched);
	/* While it loads its libraries there is time to look at it. A learning run must answer. */
	if (!s->notify.learn && launch_await_exec(s->launched) && launch_is_confined(s->launched))
		r = read_evidence(s, err);
	while (r == 0) {
		struct pollfd fds[POLL_MAX] = { 0 };
		int wait;
		int ready;
		int n;

		step_health(s);
		wait = patience(s);
		r = start_terminal(s, err);
		if (r < 0)
			return r;
		n = fill(s, fds);
		ready = poll(fds, (nfds_t)n, wait);
		if (ready < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot wait for events");
		if (fds[POLL_CHILD].revents || fds[POLL_PROGRAM].revents)
			return 0;
		handle_trace(s);
		if (ready > 0)
			turn(s, fds, n);
		else if (launch_is_confined(s->launched) && wait == EVIDENCE_LOOK_MS)
			r = read_evidence(s, err);
		else if (s->evidence->exe.state == EXE_READING)
			r = read_program(s, err);
	}
	return r;
}

int supervise(struct supervisor *s, int *ret_wait_status, struct err *err)
{
	cleanup_close int timer = start_timer(s->plan, err);
	enum program_label label;
	int r;

	entries_init(&s->entries, s->plan, s->launched->enter, &s->notify, s->profile);
	if (timer < -1)
		return timer;
	s->timer = timer;
	r = watch(s, err);
	if (r == 0 && !s->read_once && launch_is_confined(s->launched))
		r = read_evidence(s, err);
	if (r < 0)
		return r;
	label = check_label(s);
	r = start_terminal(s, err); /* of one that ended before we looked */
	if (r == 0)
		r = learn_end(s, ret_wait_status, err);
	if (r == 0)
		finish_trace(s);
	if (r == 0)
		r = require_label(s, label, *ret_wait_status, err);
	if (s->pty)
		pty_drain(s->pty);
	return r;
}
