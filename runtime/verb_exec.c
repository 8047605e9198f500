/* SPDX-License-Identifier: Apache-2.0 */
/* immure exec: one more program in a detached run, by its monitor. We never enter ourselves. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/message.h"
#include "runtime/control_client.h"
#include "runtime/pty.h"
#include "runtime/signals.h"
#include "runtime/stdfds.h"
#include "runtime/verb_runs.h"
#include "sandbox/enter.h"

struct exec_options {
	bool interactive, tty, detach;
	const char *workdir;
	struct opt_list env;
};

#define ROW(field) offsetof(struct exec_options, field)
static const struct opt exec_opts[] = {
	/* clang-format off */
	{ "interactive", 'i', OPT_FLAG, ROW(interactive), NULL, "pass a terminal on standard input (pipes and files always pass)", NULL },
	{ "tty",     't', OPT_FLAG, ROW(tty),     NULL, "give the program a terminal of its own", NULL },
	{ "detach",  'd', OPT_FLAG, ROW(detach),  NULL, "return once it runs; what it writes is lost", NULL },
	{ "env",     'e', OPT_LIST, ROW(env),     "NAME[=VALUE]", "set a variable; NAME alone takes yours", NULL },
	{ "workdir", 'w', OPT_TEXT, ROW(workdir), "PATH", "working folder inside (the run's own)", NULL },
	/* clang-format on */
};

/* What is ours while the program runs. */
struct session {
	int monitor;
	int signals;
	bool tty;
	struct stdfds stdio;
	struct pty *pty; /* in arena: it has large buffers */
};

static void session_done(struct session *session)
{
	if (session->pty) {
		pty_done(session->pty);
		closep(&session->pty->master);
	}
	closep(&session->signals);
	closep(&session->monitor);
	stdfds_restore(&session->stdio);
}

static int add_variable(const char **env, size_t *n, const char *text, struct arena *arena,
			struct err *err)
{
	const char *value = strchr(text, '=') ? NULL : getenv(text);

	if (strchr(text, '='))
		env[*n] = text;
	else if (value)
		env[*n] = arena_printf(arena, "%s=%s", text, value);
	else
		return 0; /* as with immure run: what is not set here is not set there */
	if (!env[(*n)++])
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int make_request(const struct exec_options *o, int argc, char *const argv[],
			struct arena *arena, struct strbuf *out, struct err *err)
{
	const char **env = arena_array(arena, o->env.n + 2, sizeof(*env));
	const struct winsize size = o->tty ? pty_size_of(STDOUT_FILENO) : (struct winsize){ 0 };
	struct enter_request request = { .n_args = (uint32_t)argc,
					 .rows = size.ws_row,
					 .columns = size.ws_col };
	struct enter_texts texts = { .args = (const char **)(uintptr_t)argv,
				     .env = env,
				     .workdir = o->workdir ? o->workdir : "" };
	size_t n = 0;
	int r = 0;

	if (!env)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < o->env.n; i++)
		r = add_variable(env, &n, o->env.items[i], arena, err);
	if (r == 0 && o->tty && getenv("TERM"))
		r = add_variable(env, &n, "TERM", arena, err);
	if (r < 0)
		return r;
	request.n_env = (uint32_t)n;
	request.flags = (o->tty ? ENTER_TTY : 0) | (o->workdir ? ENTER_WORKDIR : 0) |
			(o->detach ? ENTER_STAYS : 0);
	return enter_encode(&request, &texts, out, err);
}

static int ask(struct session *session, const struct strbuf *request, bool detach, struct err *err)
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int own[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	const int nulls[] = { null, null, null };
	int r = control_send(session->monitor, CONTROL_ENTER, 0, err);

	if (r < 0)
		return r;
	if (null < 0)
		return err_sys(err, errno, "cannot open /dev/null");
	r = message_send(session->monitor, request->p, request->len, detach ? nulls : own,
			 session->tty ? 0 : ARRAY_LEN(own), 0);
	return r < 0 ? err_sys(err, -r, "cannot ask its monitor") : 0;
}

/* Returns 1 if it runs, or the exit status plus 2, or -errno. */
static int hear(struct session *session, struct err *err)
{
	cleanup_message struct message message = { 0 };
	struct control_report report = { 0 };

	message_receive(session->monitor, &report, sizeof(report), 0, &message);
	if (message.n == (ssize_t)sizeof(struct control_answer))
		return err_sys(err, -((struct control_answer *)(void *)&report)->result,
			       "its monitor cannot do that");
	if (message.n != (ssize_t)sizeof(report) || report.version != CONTROL_VERSION)
		return err_set(err, ENOENT, "its monitor ended without an answer");
	if (report.event == ENTER_ENDED)
		return 2 + report.status;
	if (report.event == ENTER_FAILED) {
		report.err.msg[sizeof(report.err.msg) - 1] = '\0';
		*err = report.err;
		return err->code > 0 ? -err->code : err_set(err, EPROTO, "it makes no sense");
	}
	if (session->tty && message.n_fds == 1) {
		int master = steal_fd(message.fds[0]);
		int r = pty_start(session->pty, master, STDIN_FILENO, STDOUT_FILENO, err);

		return r < 0 ? r : 1;
	}
	return 1;
}

static int forward_signals(struct session *session, struct err *err)
{
	for (int sig = signals_next(session->signals); sig != 0;
	     sig = signals_next(session->signals)) {
		int r = 0;

		if (sig == SIGWINCH && session->tty)
			pty_resize(session->pty);
		else if (sig != SIGWINCH)
			r = control_send(session->monitor, CONTROL_SIGNAL, (uint32_t)sig, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Until it has ended; with -d until it runs. */
static int accompany(struct session *session, bool detach, struct err *err)
{
	for (;;) {
		struct pollfd fds[2 + PTY_POLLFDS] = {
			{ .fd = session->monitor, .events = POLLIN },
			{ .fd = session->signals, .events = POLLIN },
		};
		int n = pty_fill_pollfds(session->pty, fds + 2);
		int r = poll(fds, (nfds_t)n + 2, -1);

		if (r < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot wait for events");
		if (r < 0)
			continue;
		if (n > 0)
			pty_handle(session->pty, fds + 2);
		if (fds[1].revents && forward_signals(session, err) < 0)
			return -err->code;
		if (!fds[0].revents)
			continue;
		r = hear(session, err);
		if (r < 0 || (r == 1 && detach))
			return r < 0 ? r : 0;
		if (r >= 2) {
			pty_drain(session->pty);
			return r - 2;
		}
	}
}

static int check_usage(const struct exec_options *o, bool has_program, struct err *err)
{
	if (!has_program)
		err_set(err, EINVAL, "exec: a program is missing");
	else if (o->detach && (o->tty || o->interactive))
		err_set(err, EINVAL, "--detach excludes --tty and --interactive");
	else if (o->workdir && o->workdir[0] != '/')
		err_set(err, EINVAL, "--workdir %s is not absolute", o->workdir);
	else
		return 0;
	return err_at(err, ERR_USAGE);
}

static int session_open(const struct verb_call *call, struct session *session, struct err *err)
{
	const struct exec_options *o = call->options;
	cleanup_found_run struct found_run found = { -1, -1, NULL };
	int r = found_run_open(call->argv[0], call->arena, &found, err);

	if (r < 0)
		return r;
	session->pty = arena_alloc(call->arena, sizeof(*session->pty));
	if (!session->pty)
		return err_set(err, ENOMEM, "out of memory");
	pty_init(session->pty);
	session->monitor = control_connect(found.dir, err);
	if (session->monitor < 0)
		return err_wrap(err, "%s", call->argv[0]);
	session->signals = signals_open(err);
	if (session->signals < 0)
		return session->signals;
	return o->tty ? 0 : stdfds_prepare(o->interactive, false, &session->stdio, err);
}

static int exec_run(const struct verb_call *call, struct err *err)
{
	const struct exec_options *o = call->options;
	bool dashes = call->argc > 1 && strcmp(call->argv[1], "--") == 0;
	int skip = dashes ? 2 : 1;
	cleanup(session_done) struct session session = {
		.monitor = -1, .signals = -1, .tty = o->tty, .stdio = { { -1, -1, -1 } }
	};
	cleanup_strbuf struct strbuf request = { 0 };
	int r = check_usage(o, call->argc > skip, err);

	if (r == 0)
		r = make_request(o, call->argc - skip, call->argv + skip, call->arena, &request,
				 err);
	if (r == 0)
		r = session_open(call, &session, err);
	if (r == 0)
		r = ask(&session, &request, o->detach, err);
	return r < 0 ? r : accompany(&session, o->detach, err);
}

const struct verb verb_exec = {
	.name = "exec",
	.args = "[OPTION...] RUN CMD [ARG...]",
	.help = "one more program in a detached run, as confined as its first",
	.opts = exec_opts,
	.n_opts = ARRAY_LEN(exec_opts),
	.options_size = sizeof(struct exec_options),
	.min_args = 1,
	.max_args = -1,
	.run = exec_run,
};
