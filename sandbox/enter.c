/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process 1 at its second task. It has no privilege and no filter; its only descriptor is the
 * socket.
 * Should: leave each request as it found itself: the socket, and nothing else.
 * Mustn't: trust a path to stay what it was: the workload may change whatever it can write to.
 */
#include "sandbox/enter.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "base/sys.h"
#include "sandbox/lookup.h"
#include "sandbox/steps.h"

#define STACK_BYTES 131072 /* two paths and a getcwd(3) deep */

/* What the new process needs, in memory that is ours too until it executes. */
struct entering {
	struct confine c;
	struct confine_page page; /* of this program alone: the filter's step fills it */
	const char *const *env;
	const struct enter_request *request;
	const struct enter_texts *texts;
	int socket;     /* the server's */
	int pidfd;      /* of the new process, by clone(2) */
	int leave;      /* from the supervisor; closed there once it has looked at the program */
	struct err err; /* code set: it could not execute */
};

struct server {
	const struct plan *plan;
	int socket;
	pid_t first;
	struct entered {
		pid_t pid; /* 0: free */
		uint32_t id;
	} programs[ENTER_MAX_PROGRAMS];
};

static char request_bytes[ENTER_MAX];
static _Alignas(16) char stack[STACK_BYTES];

static void ignore(int signal)
{
	(void)signal; /* it is there to end ppoll(2) */
}

/* In vain only if the monitor is gone, and so are we then. */
static void report(const struct server *server, const struct enter_report *what, const int *fds,
		   size_t n)
{
	if (message_send(server->socket, what, sizeof(*what), fds, n, 0) < 0)
		return;
}

static void report_failure(const struct server *server, uint32_t id, const struct err *err)
{
	const struct enter_report failed = { .id = id, .event = ENTER_FAILED, .err = *err };

	report(server, &failed, NULL, 0);
}

/* Whatever was opened or handed over, but for the socket. */
static void close_others(int socket)
{
	if (socket > 0)
		close_range(0, (unsigned)socket - 1, 0);
	close_range((unsigned)socket + 1, ~0U, 0);
}

/* 0, 1 and 2 are free here, and what was handed over may stand there in another order. */
static int place_fds(const int given[MESSAGE_FDS], struct err *err)
{
	int high[MESSAGE_FDS];

	for (int i = 0; i < MESSAGE_FDS; i++) {
		high[i] = fcntl(given[i], F_DUPFD_CLOEXEC, MESSAGE_FDS);
		if (high[i] < 0)
			return err_sys(err, errno, "cannot take descriptor %d", i);
	}
	for (int i = 0; i < MESSAGE_FDS; i++) {
		if (dup2(high[i], i) < 0)
			return err_sys(err, errno, "cannot take descriptor %d", i);
	}
	return 0;
}

/* A terminal of the sandbox's own devpts: the path is of our own read-only /dev. */
static int open_terminal(const struct enter_request *request, int *ret_master, struct err *err)
{
	const struct winsize size = { .ws_row = request->rows, .ws_col = request->columns };
	cleanup_close int root = -1;

	/* So that neither root nor master become one of those that the slave replaces. */
	for (int fd = 0; fd <= 2; fd++) {
		if (open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) < 0)
			return err_sys(err, errno, "cannot open the root");
	}
	root = fcntl(0, F_DUPFD_CLOEXEC, 3);
	if (root < 0)
		return err_sys(err, errno, "cannot open the root");
	return terminal_open(root, &size, ret_master, err);
}

/* A message, or that the other end was closed. Returns 0 if neither comes in time, or -1. */
static int await_word(int socket)
{
	struct pollfd word = { .fd = socket, .events = POLLIN };
	int r;

	do
		r = poll(&word, 1, ENTER_WAIT_MS);
	while (r < 0 && errno == EINTR);
	return r;
}

/* Who it is must be on record before it can end: the supervisor looks at it while it waits here. */
static int await_leave(struct entering *e, struct err *err)
{
	const struct enter_report ready = { .id = e->request->id, .event = ENTER_READY };
	int pair[2];
	char byte;
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "cannot make a pair of sockets");
	r = message_send(e->socket, &ready, sizeof(ready), (const int[]){ e->pidfd, pair[1] }, 2,
			 0);
	close(pair[1]);
	e->leave = pair[0]; /* process 1's, too: it has our descriptors */
	if (r < 0)
		return err_sys(err, -r, "cannot ask the supervisor for leave");
	r = await_word(e->leave);
	if (r == 0)
		return err_set(err, ETIMEDOUT, "the supervisor did not look at it in time");
	if (r < 0 || recv(e->leave, &byte, sizeof(byte), 0) != 1)
		return err_set(err, EPERM, "the supervisor could not learn who it is");
	return 0;
}

static int execute(struct entering *e, struct err *err)
{
	const struct enter_texts *texts = e->texts;
	bool given = e->request->flags & ENTER_WORKDIR;
	int r; /* a descriptor of the program for a while: close-on-exec */

	if (setsid() < 0)
		return err_sys(err, errno, "cannot start a session");
	if ((e->request->flags & ENTER_TTY) && ioctl(0, TIOCSCTTY, 0) < 0)
		return err_sys(err, errno, "cannot make the pseudo terminal ours");
	r = signals_apply(err);
	if (r == 0)
		r = given ? workdir_enter(texts->workdir, false, err) : workdir_apply(&e->c, err);
	if (r < 0)
		return r;
	r = lookup_program(texts->args[0], e->env, e->c.program, err);
	if (r < 0)
		return err_at(err, ERR_EXEC);
	r = await_leave(e, err);
	if (r < 0)
		return r;
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot mark descriptors close-on-exec");
	r = filter_apply(&e->c, err);
	if (r < 0)
		return r;
	execve(e->c.program, (char *const *)(uintptr_t)texts->args,
	       (char *const *)(uintptr_t)e->env);
	err->stage = ERR_EXEC;
	return err_sys(err, errno, "cannot execute %s", e->c.program);
}

static int become_program(void *data)
{
	struct entering *e = data;
	struct err err = { 0 };

	execute(e, &err);
	e->err = err;
	_exit(127);
}

/* A variable that is asked for stands before the first program's of the same name. */
static const char *const *join_env(const struct plan *plan, const struct enter_texts *texts,
				   size_t n_more, struct arena *arena)
{
	size_t n = 0;
	const char **all;

	while (plan->env[n])
		n++;
	all = arena_array(arena, n + n_more + 1, sizeof(*all));
	if (!all)
		return NULL;
	for (size_t i = 0; i < n_more; i++)
		all[i] = texts->env[i];
	for (size_t i = 0, k = n_more; i < n; i++) {
		size_t name = strcspn(plan->env[i], "=") + 1;
		size_t at = 0;

		while (at < n_more && strncmp(texts->env[at], plan->env[i], name) != 0)
			at++;
		if (at == n_more)
			all[k++] = plan->env[i];
	}
	return all;
}

static struct entered *free_place(struct server *server)
{
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		if (server->programs[i].pid == 0)
			return &server->programs[i];
	}
	return NULL;
}

static void tell_running(struct server *server, const struct entering *e, int master)
{
	struct enter_report running = { .id = e->request->id, .event = ENTER_RUNNING };
	int fds[MESSAGE_FDS];
	size_t n = 0;

	if (e->page.listener >= 0) {
		running.has |= ENTER_HAS_LISTENER;
		fds[n++] = e->page.listener;
	}
	if (master >= 0) {
		running.has |= ENTER_HAS_MASTER;
		fds[n++] = master;
	}
	report(server, &running, fds, n);
}

/* As vfork(2): we sleep until it has executed, or has ended. */
static int start(struct server *server, struct entering *e, int master, struct err *err)
{
	struct entered *place = free_place(server);
	pid_t pid;

	if (!place)
		return err_set(err, EAGAIN, "%d programs have entered already", ENTER_MAX_PROGRAMS);
	pid = clone(become_program, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, e, &e->pidfd,
		    NULL, NULL);
	if (pid < 0)
		return err_sys(err, errno, "cannot make a process");
	if (e->err.code || !e->page.filtered) {
		*err = e->err;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return err->code ? -err->code
				 : err_set(err, EPROTO, "it was killed before it was confined");
	}
	*place = (struct entered){ .pid = pid, .id = e->request->id };
	tell_running(server, e, master);
	/* Reaped before the supervisor has seen its label, nobody would know under which it ran. */
	await_word(e->leave);
	return 0;
}

static int enter(struct server *server, const struct enter_request *request,
		 const struct enter_texts *texts, const int *fds, struct arena *arena,
		 struct err *err)
{
	struct entering *e = arena_alloc(arena, sizeof(*e));
	int master = -1;
	int r;

	if (!e)
		return err_set(err, ENOMEM, "out of memory");
	*e = (struct entering){ .c = { .plan = server->plan, .root = -1, .proc = -1 },
				.request = request,
				.texts = texts,
				.socket = server->socket,
				.pidfd = -1,
				.leave = -1 };
	e->c.page = &e->page;
	e->page.listener = -1;
	e->env = join_env(server->plan, texts, request->n_env, arena);
	if (!e->env)
		return err_set(err, ENOMEM, "out of memory");
	r = request->flags & ENTER_TTY ? open_terminal(request, &master, err) : place_fds(fds, err);
	return r < 0 ? r : start(server, e, master, err);
}

static void take_request(struct server *server)
{
	cleanup_arena struct arena arena = { 0 };
	struct enter_request request = { 0 };
	struct enter_texts texts = { 0 };
	struct err err = { 0 };
	struct message message;
	int r;

	message_receive(server->socket, request_bytes, sizeof(request_bytes), 0, &message);
	r = message.n < 0 ? err_sys(&err, (int)-message.n, "cannot read a request")
			  : enter_decode(request_bytes, (size_t)message.n, &arena, &request, &texts,
					 &err);
	if (r == 0 && message.n_fds != (request.flags & ENTER_TTY ? 0U : MESSAGE_FDS))
		r = err_set(&err, EINVAL, "a request with %zu descriptors", message.n_fds);
	if (r == 0)
		r = enter(server, &request, &texts, message.fds, &arena, &err);
	if (r < 0)
		report_failure(server, request.id, &err);
	close_others(server->socket);
}

static void reap_one(struct server *server, pid_t pid)
{
	struct enter_report ended = { .event = ENTER_ENDED };

	while (waitpid(pid, &ended.wait_status, 0) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		if (server->programs[i].pid != pid)
			continue;
		ended.id = server->programs[i].id;
		server->programs[i].pid = 0;
		report(server, &ended, NULL, 0);
	}
}

static void reap_all(struct server *server)
{
	for (;;) {
		siginfo_t ended = { 0 };

		if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 || ended.si_pid == 0)
			return;
		while (ended.si_pid == server->first)
			pause(); /* the supervisor kills us, and with us what is left */
		reap_one(server, ended.si_pid);
	}
}

_Noreturn void enter_serve(const struct plan *plan, int socket, pid_t program)
{
	struct server server = { .plan = plan, .socket = socket, .first = program };
	struct sigaction wake = { .sa_handler = ignore };
	sigset_t blocked;
	sigset_t none;

	close_others(socket);
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigaction(SIGCHLD, &wake, NULL);
	for (;;) {
		struct pollfd asked = { .fd = server.socket, .events = POLLIN };

		reap_all(&server);
		if (ppoll(&asked, 1, NULL, &none) > 0 && asked.revents & POLLIN)
			take_request(&server);
		else if (asked.revents & (POLLHUP | POLLERR))
			server.socket = -1; /* we end with the monitor */
	}
}
