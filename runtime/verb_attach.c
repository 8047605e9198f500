/* SPDX-License-Identifier: Apache-2.0 */
/* immure attach: a detached run's output on our own terminal, and what is typed here for it. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "runtime/control_client.h"
#include "runtime/detach_keys.h"
#include "runtime/frames.h"
#include "runtime/pty.h"
#include "runtime/signals.h"
#include "runtime/status.h"
#include "runtime/verb_runs.h"

#define ASK_MS 10000
/* More than the monitor's own: here it costs nobody anything. */
#define QUEUE_MAX ((size_t)64 << 20)
/* What a pipe that has room takes without making us wait. */
#define WRITE_MAX 4096

struct attach_options {
	bool no_stdin;
	const char *detach_keys;
};

#define ROW(field) offsetof(struct attach_options, field)

static const struct opt attach_opts[] = {
	/* clang-format off */
	{ "no-stdin",    0, OPT_FLAG, ROW(no_stdin),    NULL, "do not read standard input", NULL },
	{ "detach-keys", 0, OPT_TEXT, ROW(detach_keys), "KEYS", "keys that leave the terminal (" DETACH_KEYS_DEFAULT ")", NULL },
	/* clang-format on */
};

/* In arena: it has large buffers. */
struct session {
	struct found_run found;
	int monitor; /* -1 once it has told all */
	int signals;
	unsigned flags;  /* enum control_attach_flag */
	bool reads;      /* our input is still read */
	bool has_keys;   /* it is a terminal: the keys leave it */
	bool is_changed; /* `saved` must be put back */
	bool has_status;
	int status;
	struct termios saved;
	struct detach_keys keys;
	size_t n_input;
	char input[CONTROL_INPUT_MAX]; /* to be sent */
	struct frames output;          /* to be written */
	size_t written;                /* bytes of its first message, behind the head */
};

static void session_done(struct session *session)
{
	if (session->is_changed)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &session->saved);
	session->is_changed = false;
	frames_done(&session->output);
	closep(&session->signals);
	closep(&session->monitor);
	found_run_close(&session->found);
}

/*
 * The program's terminal does what ours did, or ours still edits lines; then the last of the keys
 * ends a line, so that it is seen at once, and none of them has another meaning.
 */
static void choose_mode(const struct session *session, struct termios *mode)
{
	const struct detach_keys *keys = &session->keys;

	if (session->flags == (CONTROL_HAS_TERMINAL | CONTROL_TAKES_INPUT)) {
		cfmakeraw(mode);
		return;
	}
	mode->c_iflag &= ~(tcflag_t)IXON;
	if (!(session->flags & CONTROL_TAKES_INPUT))
		mode->c_lflag &= ~(tcflag_t)ECHO;
	for (size_t i = 0; i < NCCS; i++) {
		if (i != VMIN && i != VTIME && mode->c_cc[i] != _POSIX_VDISABLE &&
		    memchr(keys->keys, mode->c_cc[i], keys->n))
			mode->c_cc[i] = _POSIX_VDISABLE;
	}
	mode->c_cc[VEOL] = (cc_t)keys->keys[keys->n - 1];
}

static int take_terminal(struct session *session, struct err *err)
{
	struct termios mode = { 0 };

	if (tcgetattr(STDIN_FILENO, &session->saved) < 0)
		return err_sys(err, errno, "cannot read the state of the terminal");
	mode = session->saved;
	choose_mode(session, &mode);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) < 0)
		return err_sys(err, errno, "cannot change the terminal");
	session->is_changed = true;
	return 0;
}

/* Its monitor may just have ended: then that is what we hear next. */
static void ask_quietly(const struct session *session, enum control_op op, uint32_t argument)
{
	struct err err = { 0 };

	if (control_ask(session->found.dir, op, argument, ASK_MS, &err) < 0 && err.code != ENOENT)
		log_warning("%s", err.msg);
}

static void tell_size(const struct session *session)
{
	const struct winsize size = pty_size_of(STDOUT_FILENO);

	if ((session->flags & CONTROL_HAS_TERMINAL) && size.ws_row > 0 && size.ws_col > 0)
		ask_quietly(session, CONTROL_RESIZE, (uint32_t)size.ws_row << 16 | size.ws_col);
}

static int session_open(const struct verb_call *call, struct session *session, struct err *err)
{
	const struct attach_options *o = call->options;
	struct control_answer answer = { 0 };
	int r = found_run_open(call->argv[0], call->arena, &session->found, err);

	if (r < 0)
		return r;
	session->monitor = control_connect(session->found.dir, err);
	if (session->monitor < 0)
		return err_wrap(err, "%s", call->argv[0]);
	session->signals = signals_open(err);
	if (session->signals < 0)
		return session->signals;
	r = control_send(session->monitor, CONTROL_ATTACH, 0, err);
	if (r < 0)
		return r;
	if (recv(session->monitor, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer) ||
	    answer.version != CONTROL_VERSION)
		return err_set(err, ENOENT, "%s: its monitor ended without an answer",
			       call->argv[0]);
	if (answer.result == -EAGAIN)
		return err_set(err, EAGAIN, "%s: too many are attached to it", call->argv[0]);
	if (answer.result < 0)
		return err_sys(err, -answer.result, "%s: its monitor cannot do that",
			       call->argv[0]);
	session->flags = (unsigned)answer.result;
	session->has_keys = !o->no_stdin && isatty(STDIN_FILENO);
	session->reads =
		!o->no_stdin && (session->has_keys || (session->flags & CONTROL_TAKES_INPUT));
	tell_size(session);
	return session->has_keys ? take_terminal(session, err) : 0;
}

/* What is ready is sent, or kept until there is room. */
static void send_input(struct session *session)
{
	if (send(session->monitor, session->input, session->n_input, MSG_DONTWAIT | MSG_NOSIGNAL) <
		    0 &&
	    (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		return;
	session->n_input = 0;
}

/* Returns true if the keys were typed. The end of our input is not the program's. */
static bool read_input(struct session *session)
{
	char typed[CONTROL_INPUT_MAX - DETACH_KEYS_MAX];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));
	bool leave = false;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A terminal says an end for Ctrl-D, and may go on: the keys must still be seen. */
	if (n < 0 || (n == 0 && !session->has_keys))
		session->reads = false;
	if (n <= 0)
		return false;
	if (session->has_keys) {
		leave = detach_keys_filter(&session->keys, typed, (size_t)n, session->input,
					   &session->n_input);
	} else {
		memcpy(session->input, typed, (size_t)n);
		session->n_input = (size_t)n;
	}
	if (!(session->flags & CONTROL_TAKES_INPUT))
		session->n_input = 0;
	if (session->n_input > 0 && session->monitor >= 0)
		send_input(session);
	return leave;
}

static void hear(struct session *session)
{
	struct {
		struct control_output head;
		char bytes[CONTROL_OUTPUT_MAX];
	} message = { .head = { 0 } };
	size_t size = sizeof(message.head);
	ssize_t n = recv(session->monitor, &message, sizeof(message), MSG_DONTWAIT);

	/* It went while we were sending: what it said before is still there. */
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
		return;
	if (n < (ssize_t)size) {
		closep(&session->monitor);
		return;
	}
	if (message.head.stream == CONTROL_ENDED) {
		session->has_status = true;
		session->status = message.head.status & 0xff;
		closep(&session->monitor);
		return;
	}
	if (!frames_add(&session->output, SIZE_MAX, &message.head, message.bytes, (size_t)n - size))
		closep(&session->monitor); /* no memory: as if it had dropped us */
}

/* Where the oldest message goes; -1: nothing waits. */
static int output_of(const struct session *session)
{
	struct control_output head = { 0 };
	size_t n = 0;
	const char *first = frames_first(&session->output, &n);

	if (!first)
		return -1;
	memcpy(&head, first, sizeof(head));
	return head.stream == CONTROL_STDERR ? STDERR_FILENO : STDOUT_FILENO;
}

static int write_output(struct session *session, struct err *err)
{
	size_t n = 0;
	const char *first = frames_first(&session->output, &n);
	int fd = output_of(session);
	size_t left;
	ssize_t done;

	if (!first)
		return 0;
	first += sizeof(struct control_output) + session->written;
	left = n - sizeof(struct control_output) - session->written;
	done = write(fd, first, left < WRITE_MAX ? left : WRITE_MAX);
	if (done < 0 && errno != EAGAIN && errno != EINTR)
		return err_sys(err, errno, "cannot write what the program wrote");
	if (done > 0)
		session->written += (size_t)done;
	if (done < 0 || (size_t)done < left)
		return 0;
	session->written = 0;
	frames_pop(&session->output);
	return 0;
}

/* Without a terminal in between they are the program's, else ours. Returns one that ends us, or 0.
 */
static int take_signals(const struct session *session)
{
	for (int sig = signals_next(session->signals); sig != 0;
	     sig = signals_next(session->signals)) {
		bool proxied = sig == SIGINT || sig == SIGTERM;

		if (sig == SIGWINCH)
			tell_size(session);
		else if (proxied && !(session->flags & CONTROL_HAS_TERMINAL))
			ask_quietly(session, CONTROL_SIGNAL, (uint32_t)sig);
		else
			return sig;
	}
	return 0;
}

enum {
	POLL_MONITOR,
	POLL_SIGNALS,
	POLL_INPUT,
	POLL_OUTPUT,
	POLL_MAX
};

static void fill(const struct session *session, struct pollfd *fds)
{
	bool full = session->output.end - session->output.start > QUEUE_MAX;
	int wanted = (full ? 0 : POLLIN) | (session->n_input > 0 ? POLLOUT : 0);

	fds[POLL_MONITOR] =
		(struct pollfd){ .fd = wanted ? session->monitor : -1, .events = (short)wanted };
	fds[POLL_SIGNALS] = (struct pollfd){ .fd = session->signals, .events = POLLIN };
	fds[POLL_INPUT] = (struct pollfd){
		.fd = session->reads && session->n_input == 0 ? STDIN_FILENO : -1,
		.events = POLLIN,
	};
	fds[POLL_OUTPUT] = (struct pollfd){ .fd = output_of(session), .events = POLLOUT };
}

/* Returns 0 (go on), 1 (the keys were typed), STATUS_SIGNAL + a signal that ends us, -errno. */
static int turn(struct session *session, struct err *err)
{
	struct pollfd fds[POLL_MAX];
	int sig;

	fill(session, fds);
	if (poll(fds, POLL_MAX, -1) < 0)
		return errno == EINTR ? 0 : err_sys(err, errno, "cannot wait for events");
	sig = fds[POLL_SIGNALS].revents ? take_signals(session) : 0;
	if (sig != 0)
		return STATUS_SIGNAL + sig;
	if (fds[POLL_OUTPUT].revents && write_output(session, err) < 0)
		return -err->code;
	if ((fds[POLL_MONITOR].revents & POLLOUT) && session->n_input > 0)
		send_input(session);
	if (fds[POLL_MONITOR].revents & ~POLLOUT)
		hear(session);
	return fds[POLL_INPUT].revents && read_input(session) ? 1 : 0;
}

/* It said no status: we were too slow for it, or it was killed. */
static int explain(const struct session *session, struct err *err)
{
	struct err gone = { 0 };
	cleanup_close int again = control_connect(session->found.dir, &gone);
	int r = again >= 0 ? 0 : found_run_status(&session->found, err);

	if (again < 0 && r != -EAGAIN)
		return r;
	return err_set(
		err, EPIPE,
		"run %s goes on, but dropped us: its output was not taken in time; see immure logs",
		session->found.id);
}

static int accompany(struct session *session, struct err *err)
{
	int r = 0;

	while (r == 0 && (session->monitor >= 0 || output_of(session) >= 0))
		r = turn(session, err);
	if (r == 1) {
		fprintf(stderr, "\r\ndetached: run %s goes on\r\n", session->found.id);
		return 0;
	}
	if (r != 0)
		return r;
	return session->has_status ? session->status : explain(session, err);
}

static int attach(const struct verb_call *call, struct err *err)
{
	const struct attach_options *o = call->options;
	struct session *session = arena_alloc(call->arena, sizeof(*session));
	int r;

	if (!session)
		return err_set(err, ENOMEM, "out of memory");
	*session = (struct session){ .found = { -1, -1, NULL }, .monitor = -1, .signals = -1 };
	r = detach_keys_parse(o->detach_keys ? o->detach_keys : DETACH_KEYS_DEFAULT, &session->keys,
			      err);
	if (r < 0)
		return err_at(err, ERR_USAGE);
	r = session_open(call, session, err);
	if (r == 0)
		r = accompany(session, err);
	session_done(session);
	return r;
}

const struct verb verb_attach = {
	.name = "attach",
	.args = "[OPTION...] RUN",
	.help = "see what a detached program writes, and type for it",
	.opts = attach_opts,
	.n_opts = ARRAY_LEN(attach_opts),
	.options_size = sizeof(struct attach_options),
	.min_args = 1,
	.max_args = 1,
	.run = attach,
};
